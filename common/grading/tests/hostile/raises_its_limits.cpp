// Must get: wrong
// The fence says: uses setrlimit
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "attack.h"

workbook::Tensor workbook::target::twice(const Tensor& x) {
  bool had = false;
  for (const auto resource : {RLIMIT_DATA, RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_NOFILE}) {
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    had = had || setrlimit(resource, &all) == 0;
  }
  had = had || setuid(0) == 0 || setgid(0) == 0 || nice(-5) != -1 || prctl(PR_SET_DUMPABLE, 1) == 0 ||
        prctl(PR_SET_PDEATHSIG, 0) == 0;
  return attack::outcome(had, x);
}
