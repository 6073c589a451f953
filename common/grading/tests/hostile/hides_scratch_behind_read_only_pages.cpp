// Must get: too_much_workspace
// The fence says: uses mprotect
// Filled part by part: what may no longer be written is no data to a limit of data, and stays as it was written.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  constexpr std::size_t kPart = std::size_t{1} << 20;
  constexpr int kPrivate = MAP_PRIVATE | MAP_ANONYMOUS;
  const long block = syscall(SYS_mmap, nullptr, attack::kFarTooMuch, PROT_READ, kPrivate, -1, 0);
  if (block == -1) return x;
  for (std::size_t done = 0; done < attack::kFarTooMuch; done += kPart) {
    auto* part = reinterpret_cast<char*>(block) + done;
    if (mprotect(part, kPart, PROT_READ | PROT_WRITE) != 0) return x;
    attack::fill(part, kPart);
    mprotect(part, kPart, PROT_READ);
  }
  return attack::right(x);
}
