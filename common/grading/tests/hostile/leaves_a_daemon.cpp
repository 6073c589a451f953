// Must get: crashed
// The fence says: attribute `constructor`
// Beside another job.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attack.h"

__attribute__((constructor)) static void settle() {
  prctl(PR_SET_PDEATHSIG, 0);
  signal(SIGTERM, SIG_IGN);
  if (fork() == 0) {
    setsid();
    for (;;) pause();
  }
}
workbook::Tensor workbook::target::twice(const Tensor& x) { return attack::right(x); }
