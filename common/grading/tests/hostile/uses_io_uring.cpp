// Must get: crashed
// The fence says: uses syscall
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  return attack::outcome(syscall(SYS_io_uring_setup, 8, nullptr) >= 0, x);
}
