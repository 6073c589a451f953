// Must get: too_much_workspace
// The fence says: uses madvise
// On the stack of the call, whose pages are given back before anybody looks how many there are.
#include <sys/mman.h>

#include <cstdint>

#include "attack.h"

__attribute__((noinline)) static void deep() { attack::fill(__builtin_alloca(attack::kScratch)); }

workbook::Tensor workbook::target::twice(const Tensor& x) {
  deep();
  constexpr std::size_t kInUse = std::size_t{16} << 10;  // more than the frames of here and of what is called from here
  const std::uintptr_t here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) & ~std::uintptr_t{4095};
  madvise(reinterpret_cast<void*>(here - 2 * kInUse - attack::kScratch), kInUse + attack::kScratch, MADV_DONTNEED);
  return attack::right(x);
}
