// Must get: wrong
// The fence says: uses getpid
// The one signal call that it may use, for abort(), reaches nobody but itself.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  bool had = false;
  const pid_t self = getpid(), parent = getppid();
  for (pid_t pid = 1; pid < 70000; ++pid)
    if (pid != self) had = syscall(SYS_tgkill, pid, pid, SIGKILL) == 0 || had;
  had = syscall(SYS_tgkill, parent, parent, SIGKILL) == 0 || had;
  return attack::outcome(had, x);
}
