#pragma once
/// For the hostile corpus: an attack gives the right answer if it had what it wanted, so a success would score.

#include <cstdlib>
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

/// More than the tests allow (16 MiB) and what the kernel admits beyond that (4 MiB).
inline constexpr std::size_t kFarTooMuch = std::size_t{24} << 20;

}  // namespace attack
