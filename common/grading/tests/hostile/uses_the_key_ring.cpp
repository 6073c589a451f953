// Must get: crashed
// The fence says: uses syscall
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  return attack::outcome(syscall(SYS_keyctl, 0, -3, 0) >= 0, x);
}
