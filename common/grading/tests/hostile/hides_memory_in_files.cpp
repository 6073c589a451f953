// Must get: crashed
// The fence says: uses syscall
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  const long file = syscall(SYS_memfd_create, "scratch", 0);
  return attack::outcome(file >= 0 && ftruncate(static_cast<int>(file), attack::kFarTooMuch) == 0, x);
}
