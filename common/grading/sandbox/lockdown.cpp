/// The lock-down of worker.graded: nothing of the implementation is loaded before this is in force.

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <system_error>

#include "common/grading/sandbox/syscalls.h"
#include "common/report/verdict.h"
#include "common/worker/lockdown.h"

namespace workbook {
namespace {

void limit(__rlimit_resource resource, rlim_t most) {
  rlimit now{};
  getrlimit(resource, &now);
  const rlim_t lower = std::min(most, now.rlim_max);
  const rlimit both{lower, lower};
  if (setrlimit(resource, &both) != 0) throw std::system_error(errno, std::generic_category(), "setrlimit");
}

}  // namespace

void lock_down(int socket) try {
  // RLIMIT_DATA, set before, counts what is written; page tables of what is only read need a bound as well.
  rlimit data{};
  getrlimit(RLIMIT_DATA, &data);
  if (data.rlim_cur == RLIM_INFINITY) throw std::runtime_error("expected a limit of memory; found none");
  limit(RLIMIT_AS, data.rlim_cur + (rlim_t{80} << 30));  // the simulator reserves 73
  limit(RLIMIT_STACK, rlim_t{8} << 20);
  limit(RLIMIT_NOFILE, 32);
  limit(RLIMIT_MEMLOCK, 0);
  limit(RLIMIT_SIGPENDING, 64);
  if (syscall(SYS_close_range, socket + 1, ~0U, 0) != 0)
    for (int fd = socket + 1; fd < 1024; ++fd) close(fd);
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    throw std::system_error(errno, std::generic_category(), "prctl");
  grading::allow_only_workers_calls();
} catch (const std::exception& e) {
  std::fprintf(stderr, "worker: cannot lock itself down: %s\n", e.what());
  std::fflush(stderr);
  _exit(kExitFault);
}

}  // namespace workbook
