#include "common/grading/sandbox/processes.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cctype>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

namespace workbook::grading {
namespace {

/// Threads of one process, if it is that user's; 0 if it is somebody else's, or gone. Zombies have none.
long threads_in(const std::string& process, uid_t user) {
  std::ifstream status(process + "/status");
  long owner = -1, threads = 0;
  bool zombie = false;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("State:")) zombie = line.find('Z') != line.npos;
    if (line.starts_with("Uid:")) owner = std::stol(line.substr(4));
    if (line.starts_with("Threads:")) threads = std::stol(line.substr(8));
  }
  return owner == static_cast<long>(user) && !zombie ? threads : 0;
}

/// Whether this process, of an ordinary user, is the only one of that user: then, and only then, two are allowed.
bool alone() {
  const rlimit two{2, 2};
  setrlimit(RLIMIT_NPROC, &two);
  const pid_t second = fork();
  if (second == 0) _exit(0);
  if (second < 0) return false;
  while (waitpid(second, nullptr, 0) < 0 && errno == EINTR) {
  }
  return true;
}

/// In a child, which may be a copy of one of several threads: nothing but system calls.
[[noreturn]] void end_all_as(uid_t user) {
  if (setgroups(0, nullptr) != 0 || setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0) _exit(2);
  for (int round = 0; round < 500; ++round) {
    kill(-1, SIGKILL);
    if (alone()) _exit(0);
    const timespec moment{0, round < 20 ? 1'000'000 : 20'000'000};  // a killed process takes a moment to go
    nanosleep(&moment, nullptr);
  }
  _exit(1);
}

}  // namespace

long threads_of(uid_t user) {
  const std::unique_ptr<DIR, int (*)(DIR*)> all(opendir("/proc"), closedir);
  if (!all) return 0;
  long threads = 0;
  while (const dirent* entry = readdir(all.get()))
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])))
      threads += threads_in(std::string("/proc/") + entry->d_name, user);
  return threads;
}

void end_all_of(uid_t user) {
  const pid_t killer = fork();
  if (killer < 0) throw std::runtime_error("cannot start a process to end those of a sandbox");
  if (killer == 0) end_all_as(user);
  int status = 0;
  while (waitpid(killer, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error("processes of user " + std::to_string(user) + " cannot be ended");
}

}  // namespace workbook::grading
