// Must get: crashed
// The fence says: uses syscall
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  return attack::outcome(syscall(SYS_shmget, 0x574b, 1 << 20, 0666 | 01000) >= 0, x);
}
