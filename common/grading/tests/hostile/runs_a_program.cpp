// Must get: crashed
// The fence says: uses execl
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  return attack::outcome(execl("/lib64/ld-linux-x86-64.so.2", "ld.so", "--version", nullptr) >= 0, x);
}
