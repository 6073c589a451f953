// Must get: crashed
// The fence says: uses getppid
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  return attack::outcome(syscall(SYS_process_vm_writev, getppid(), nullptr, 0, nullptr, 0, 0) >= 0, x);
}
