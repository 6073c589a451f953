// Must get: wrong
// The fence says: uses dladdr
// Private copies of a file's pages are memory, too.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  Dl_info self{};
  dladdr(reinterpret_cast<void*>(&std::abort), &self);
  const int library = open(self.dli_fname, O_RDONLY);
  constexpr std::size_t kPart = std::size_t{1} << 20;
  std::size_t had = 0;
  while (had < attack::kFarTooMuch) {
    const long part = syscall(SYS_mmap, nullptr, kPart, PROT_READ, MAP_PRIVATE, library, 0);
    if (part == -1 || mprotect(reinterpret_cast<void*>(part), kPart, PROT_READ | PROT_WRITE) != 0) break;
    std::memset(reinterpret_cast<void*>(part), 1, kPart);
    had += kPart;
  }
  return attack::outcome(had >= attack::kFarTooMuch, x);
}
