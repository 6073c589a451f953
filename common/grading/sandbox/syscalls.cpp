#include "common/grading/sandbox/syscalls.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <memory>
#include <system_error>

namespace workbook::grading {
namespace {

constexpr std::uint32_t kEnd = SCMP_ACT_KILL_PROCESS;
constexpr std::uint32_t kAllow = SCMP_ACT_ALLOW;
constexpr std::uint64_t kInt = 0xffffffff;  // the kernel looks at the lower half of an int only, and so must a rule

void check(int result, const char* what) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), what);
}

class Filter {
 public:
  explicit Filter(std::uint32_t otherwise) : filter_(seccomp_init(otherwise), seccomp_release) {
    if (!filter_) throw std::system_error(ENOMEM, std::generic_category(), "seccomp");
    // Speculation is left as it is: this process holds no secret, and code without it is slow on older kernels.
    seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_SSB, 1);
    seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    check(seccomp_attr_set(filter_.get(), SCMP_FLTATR_ACT_BADARCH, kEnd), "seccomp: other architectures");
  }

  /// Names that this libseccomp or architecture does not know are left to `otherwise`.
  void rule(std::uint32_t action, std::initializer_list<const char*> names,
            std::initializer_list<scmp_arg_cmp> when = {}) {
    for (const char* name : names) {
      const int number = seccomp_syscall_resolve_name(name);
      if (number < 0) continue;
      check(seccomp_rule_add_array(filter_.get(), action, number, static_cast<unsigned>(when.size()), when.begin()),
            name);
    }
  }

  void load() { check(seccomp_load(filter_.get()), "seccomp: cannot load the filter"); }

 private:
  std::unique_ptr<void, void (*)(void*)> filter_;
};

scmp_arg_cmp argument(unsigned index, std::uint64_t mask, std::uint64_t value) {
  return {index, SCMP_CMP_MASKED_EQ, mask, value};
}

/// What has no place in any of this, and what an escape is made of.
void forbid_attacks(Filter& filter, std::uint32_t action) {
  filter.rule(action, {"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_open",
                       "pidfd_getfd", "pidfd_send_signal", "kcmp"});
  filter.rule(action, {"socket", "socketpair", "bind", "listen", "connect", "accept", "accept4"});
  filter.rule(action, {"memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "semget", "msgget", "mq_open"});
  filter.rule(action, {"setns", "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount", "fspick", "open_tree",
                       "move_mount", "mount_setattr", "name_to_handle_at", "open_by_handle_at"});
  filter.rule(action, {"io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd",
                       "keyctl", "add_key", "request_key", "fanotify_init", "personality"});
  filter.rule(action, {"init_module", "finit_module", "delete_module", "kexec_load", "reboot", "swapon", "swapoff",
                       "iopl", "ioperm", "syslog", "acct", "quotactl", "settimeofday", "clock_settime", "adjtimex"});
}

}  // namespace

void allow_only_workers_calls() {
  Filter filter(SCMP_ACT_ERRNO(ENOSYS));
  forbid_attacks(filter, kEnd);
  // By this a worker asks whether it has one thread; the kernel does nothing else then.
  filter.rule(kAllow, {"unshare"}, {argument(0, ~std::uint64_t{0}, CLONE_THREAD)});
  filter.rule(kEnd, {"unshare"}, {{0, SCMP_CMP_NE, CLONE_THREAD, 0}});
  filter.rule(kEnd, {"fork", "vfork", "execve", "execveat", "kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"});
  // clone3 keeps its flags in memory, out of a filter's sight; the C library falls back on clone.
  filter.rule(kAllow, {"clone"}, {argument(0, CLONE_THREAD, CLONE_THREAD)});
  filter.rule(kEnd, {"clone"}, {argument(0, CLONE_THREAD, 0)});
  filter.rule(kAllow, {"tgkill"}, {argument(0, kInt, static_cast<std::uint64_t>(getpid()))});

  // Private memory only: RLIMIT_DATA counts neither shared mappings nor stacks that grow.
  filter.rule(kAllow, {"mmap"}, {argument(3, MAP_TYPE | MAP_GROWSDOWN | MAP_HUGETLB, MAP_PRIVATE)});
  filter.rule(kAllow, {"munmap", "mremap", "mprotect", "madvise", "mincore", "brk"});
  // To read only. Which files there are is the business of the namespace, or of Landlock.
  constexpr std::uint64_t kChanging = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
  filter.rule(kAllow, {"openat"}, {argument(2, kChanging, O_RDONLY)});
  filter.rule(kAllow, {"open"}, {argument(1, kChanging, O_RDONLY)});
  filter.rule(kAllow,
              {"read", "pread64", "readv", "lseek", "fstat", "newfstatat", "getcwd", "close", "write", "writev"});
  filter.rule(kAllow, {"recvfrom", "sendto"}, {argument(0, kInt, 3)});
  filter.rule(kAllow, {"futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "sched_yield",
                       "sched_getaffinity", "getcpu", "membarrier", "gettid", "getpid", "getppid", "exit", "exit_group",
                       "restart_syscall"});
  filter.rule(kAllow, {"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack"});
  filter.rule(kAllow, {"clock_gettime", "clock_getres", "gettimeofday", "time", "nanosleep", "clock_nanosleep",
                       "getrandom", "uname", "sysinfo", "getrusage", "getuid", "geteuid", "getgid", "getegid"});
  filter.rule(kAllow, {"prlimit64"}, {argument(0, kInt, 0), argument(2, ~std::uint64_t{0}, 0)});  // asking only
  filter.load();
}

void forbid_what_no_compiler_needs() {
  Filter filter(kAllow);
  forbid_attacks(filter, SCMP_ACT_ERRNO(EPERM));
  filter.rule(SCMP_ACT_ERRNO(EPERM), {"unshare"});
  filter.rule(SCMP_ACT_ERRNO(ENOSYS), {"clone3"});
  for (const std::uint64_t space : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC})
    filter.rule(SCMP_ACT_ERRNO(EPERM), {"clone"}, {argument(0, space, space)});
  filter.rule(SCMP_ACT_ERRNO(EPERM), {"kill", "tkill", "rt_sigqueueinfo"});
  filter.load();
}

}  // namespace workbook::grading
