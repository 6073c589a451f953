// Must get: wrong
// The fence says: uses syscall
// MREMAP_DONTUNMAP leaves the old mapping where it was: twice the memory, asked for once.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  constexpr std::size_t kPart = std::size_t{8} << 20;
  std::size_t had = 0;
  long block = syscall(SYS_mmap, nullptr, kPart, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  while (block != -1 && had < attack::kFarTooMuch) {
    std::memset(reinterpret_cast<void*>(block), 1, kPart);
    had += kPart;
    const long next = syscall(SYS_mremap, block, kPart, kPart, MREMAP_MAYMOVE | 4, 0);
    if (next != -1) std::memset(reinterpret_cast<void*>(block), 2, kPart);
    block = next;
  }
  return attack::outcome(had >= attack::kFarTooMuch, x);
}
