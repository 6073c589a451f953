// Must get: crashed
// The fence says: uses getppid
#include <sys/ptrace.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  return attack::outcome(ptrace(PTRACE_ATTACH, getppid(), nullptr, nullptr) == 0, x);
}
