// Must get: wrong
// The fence says: uses syscall
// Grows small mappings, and the data segment, instead of asking for large ones.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  const long small = syscall(SYS_mmap, nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const long large = syscall(SYS_mremap, small, 4096, attack::kFarTooMuch, MREMAP_MAYMOVE);
  const long now = syscall(SYS_brk, 0);
  const long then = syscall(SYS_brk, now + static_cast<long>(attack::kFarTooMuch));
  return attack::outcome(large != -1 || then > now, x);
}
