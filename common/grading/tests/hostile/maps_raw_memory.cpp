// Must get: wrong
// The fence says: uses syscall
// Every kind of mapping that a limit of private memory might forget, written to in full.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "attack.h"

static bool have(int protection, int flags) {
  const long block = syscall(SYS_mmap, nullptr, attack::kFarTooMuch, protection, flags, -1, 0);
  if (block == -1) return false;
  auto* memory = reinterpret_cast<char*>(block);
  // Written page by page: a limit may also act at the first touch.
  if (syscall(SYS_mprotect, memory, attack::kFarTooMuch, PROT_READ | PROT_WRITE) != 0) return false;
  std::memset(memory, 1, attack::kFarTooMuch);
  return true;
}

workbook::Tensor workbook::target::twice(const Tensor& x) {
  constexpr int kWrite = PROT_READ | PROT_WRITE;
  bool had = have(kWrite, MAP_PRIVATE | MAP_ANONYMOUS) || have(kWrite, MAP_SHARED | MAP_ANONYMOUS) ||
             have(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE) ||
             have(kWrite, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_STACK) ||
             have(kWrite, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB) || have(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS) ||
             have(kWrite, MAP_SHARED_VALIDATE | MAP_ANONYMOUS);
  return attack::outcome(had, x);
}
