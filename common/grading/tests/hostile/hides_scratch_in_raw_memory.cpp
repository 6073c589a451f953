// Must get: too_much_workspace
// The fence says: uses syscall
// Memory of a raw system call, and given back before the call ends.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  constexpr int kPrivate = MAP_PRIVATE | MAP_ANONYMOUS;
  const long block = syscall(SYS_mmap, nullptr, attack::kScratch, PROT_READ | PROT_WRITE, kPrivate, -1, 0);
  if (block == -1) return x;
  attack::fill(reinterpret_cast<void*>(block));
  syscall(SYS_munmap, block, attack::kScratch);
  return attack::right(x);
}
