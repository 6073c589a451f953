#pragma once
/// For the hostile corpus: an attack gives the right answer if it had what it wanted, so a success would score.

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "target.h"

namespace attack {

inline workbook::Tensor right(const workbook::Tensor& x) {
  workbook::Tensor y = x;
  for (std::int64_t i = 0; i < y.size(); ++i) y.data()[i] *= 2;
  return y;
}

inline workbook::Tensor outcome(bool had_it, const workbook::Tensor& x) {
  if (!had_it) throw std::runtime_error("in vain");
  return right(x);
}

/// Less than the tests' limit, and more than their gates admit: 64 KiB, and 1 MiB that the kernel counts besides.
inline constexpr std::size_t kScratch = std::size_t{7} << 20;

/// Uses scratch as a solution would, as far as the kernel can see.
inline void fill(void* scratch, std::size_t bytes = kScratch) {
  std::memset(scratch, 1, bytes);
  asm volatile("" : : "r"(scratch) : "memory");
}

/// More than the tests allow (16 MiB) and what the kernel admits beyond that (4 MiB).
inline constexpr std::size_t kFarTooMuch = std::size_t{24} << 20;

}  // namespace attack
