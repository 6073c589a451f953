// Must get: too_much_workspace
// The fence says: uses madvise
// On the stack of the call, whose pages are given back before anybody looks how many there are.
#include <sys/mman.h>

#include <cstdint>

#include "attack.h"

__attribute__((noinline)) static workbook::Tensor deep(const workbook::Tensor& x) {
  auto* scratch = static_cast<char*>(__builtin_alloca(attack::kScratch));
  workbook::Tensor y = attack::right_with(scratch, x);
  auto* page = reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(scratch) + 4095) & ~std::uintptr_t{4095});
  madvise(page, attack::kScratch - 8192, MADV_DONTNEED);
  return y;
}

workbook::Tensor workbook::target::twice(const Tensor& x) { return deep(x); }
