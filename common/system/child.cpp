#include "common/system/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "common/system/errors.h"

namespace workbook::system {

namespace {

/// True when it has ended within so many milliseconds; then its status is there.
bool ends_within(pid_t child, int milliseconds, int& status) {
  for (;; milliseconds -= 5) {
    const pid_t got = ::waitpid(child, &status, WNOHANG);
    if (got == child || (got < 0 && errno != EINTR)) return true;
    if (milliseconds <= 0) return false;
    ::usleep(5'000);
  }
}

}  // namespace

Child::Child(const Argv& argv, const std::vector<std::pair<std::string, std::string>>& env) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw Error("cannot run " + argv[0] + ": " + std::strerror(errno));
  output_ = FileDescriptor(ends[0]);
  const FileDescriptor theirs(ends[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  // The terminal is ours to read: a process outside of its foreground group that tries is stopped.
  const FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  child_ = launch(
      {.argv = argv,
       .environment = environment_with(env),
       .descriptors = {{nothing.get(), STDIN_FILENO}, {theirs.get(), STDOUT_FILENO}, {theirs.get(), STDERR_FILENO}},
       .own_group = true,
       .dies_with_us = true});
}

Child::~Child() {
  if (child_ < 0) return;
  int status = 0;
  ::kill(child_, SIGINT);
  if (ends_within(child_, 2000, status)) return;
  ::kill(-child_, SIGKILL);
  while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
}

std::vector<std::string> Child::lines() {
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      closed_ = got == 0 || errno != EAGAIN;
      break;
    }
    pending_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (closed_ && !pending_.empty() && !pending_.ends_with('\n')) pending_ += '\n';
  std::vector<std::string> whole;
  std::size_t begin = 0;
  for (auto end = pending_.find('\n'); end != pending_.npos; end = pending_.find('\n', begin)) {
    whole.push_back(pending_.substr(begin, end - begin));
    begin = end + 1;
  }
  pending_.erase(0, begin);
  return whole;
}

Ended Child::wait() {
  int status = 0;
  while (child_ >= 0 && ::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
  Ended ended;
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  return ended;
}

}  // namespace workbook::system
