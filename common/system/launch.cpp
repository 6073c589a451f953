#include "common/system/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/file_descriptor.h"

namespace workbook::system {

namespace {

/// Holds all signals back until destroyed: a handler of ours must not run in the child.
class Held {
 public:
  Held() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~Held() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  sigset_t before_{};
};

/// In the child, which may be a copy of one of several threads: nothing but system calls.
[[noreturn]] void become(const Launch& launch, char** argv, char** environment, int report) {
  if (launch.own_group) setpgid(0, 0);
  if (launch.dies_with_us) prctl(PR_SET_PDEATHSIG, SIGTERM);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  bool ready = launch.folder.empty() || chdir(launch.folder.c_str()) == 0;
  for (const auto& [ours, its] : launch.descriptors)
    ready = ready && (ours == its ? fcntl(its, F_SETFD, 0) : dup2(ours, its)) >= 0;
  const int unready = ready ? 0 : errno;
  if (ready) execvpe(argv[0], argv, environment);
  const int reason = ready ? errno : -unready;  // negative: not the program's
  [[maybe_unused]] const auto written = write(report, &reason, sizeof reason);
  _exit(127);
}

}  // namespace

std::vector<char*> c_strings(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

pid_t launch(const Launch& launch) {
  const auto fail = [&](int reason) {
    const bool absent = reason == ENOENT || reason == EACCES;
    if (reason < 0)
      throw Error(fmt::format("cannot run {} in {}: {}", launch.argv.at(0),
                              launch.folder.empty() ? "." : launch.folder.string(), std::strerror(-reason)));
    throw Error(fmt::format("cannot run {}: {}", launch.argv.at(0),
                            absent ? "is it installed, and may it be run?" : std::strerror(reason)));
  };
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail(errno);
  const FileDescriptor reader(ends[0]);
  // Away from the low numbers, which the child may be given.
  FileDescriptor writer(fcntl(ends[1], F_DUPFD_CLOEXEC, 20));
  const int no_writer = errno;
  close(ends[1]);
  if (writer.get() < 0) fail(no_writer);
  const std::vector<char*> argv = c_strings(launch.argv);
  const std::vector<char*> environment = launch.environment ? c_strings(*launch.environment) : std::vector<char*>{};
  pid_t child = -1;
  {
    const Held signals;
    child = fork();
    if (child == 0)
      become(launch, const_cast<char**>(argv.data()),
             launch.environment ? const_cast<char**>(environment.data()) : environ, writer.get());
  }
  if (child < 0) fail(errno);
  writer = FileDescriptor();
  int reason = 0;
  ssize_t got = 0;
  while ((got = read(reader.get(), &reason, sizeof reason)) < 0 && errno == EINTR) {
  }
  if (got != sizeof reason) return child;  // the program has taken over, and the pipe is closed
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  fail(reason);
  return -1;
}

}  // namespace workbook::system
