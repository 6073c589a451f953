#include "common/system/bounded_run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/file_descriptor.h"
#include "common/system/launch.h"

namespace workbook::system {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  FileDescriptor reader, writer;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw Error("cannot make a pipe");
    reader = FileDescriptor(ends[0]);
    // Away from the numbers that the child gets.
    writer = FileDescriptor(fcntl(ends[1], F_DUPFD_CLOEXEC, 10));
    close(ends[1]);
    fcntl(writer.get(), F_SETFL, 0);
  }
};

pid_t start(const BoundedCommand& command, int output, int ready) {
  const FileDescriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Launch child{.argv = command.argv, .environment = command.environment, .own_group = true};
  child.descriptors = {{nothing.get(), STDIN_FILENO}, {output, STDOUT_FILENO}, {output, STDERR_FILENO}};
  if (command.says_ready) child.descriptors.emplace_back(ready, 3);
  return launch(child);
}

/// Takes what is there; false at the end of the stream.
bool drain(int from, std::size_t most, std::string& text) {
  std::array<char, 16384> buffer;
  for (int i = 0; i < 64; ++i) {  // then look at the clock again: a flood must not hold us here
    const ssize_t n = read(from, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 && errno == EAGAIN;
    text.append(buffer.data(), std::min(static_cast<std::size_t>(n), most - std::min(most, text.size())));
  }
  return true;
}

/// Until the child has ended, or its time is up.
void follow(pid_t child, const FileDescriptor& output, const BoundedCommand& command, Bounded& run) {
  const FileDescriptor ended(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (ended.get() < 0) throw Error("cannot watch a process: expected Linux 5.3 or later");
  const auto start = Clock::now();
  pollfd waits[2] = {{ended.get(), POLLIN, 0}, {output.get(), POLLIN, 0}};
  for (;;) {
    const double left = command.wall_seconds - std::chrono::duration<double>(Clock::now() - start).count();
    run.late = left <= 0;
    if (run.late) return;
    poll(waits, 2, static_cast<int>(std::min(left, 3600.0) * 1000) + 1);
    if (waits[1].revents != 0 && !drain(output.get(), command.output_bytes, run.output)) waits[1].fd = -1;
    if (waits[0].revents != 0) return;
  }
}

}  // namespace

Bounded run_bounded(const BoundedCommand& command) {
  Pipe output, ready;
  Bounded run;
  const auto started = Clock::now();
  const pid_t child = start(command, output.writer.get(), ready.writer.get());
  output.writer = FileDescriptor();
  ready.writer = FileDescriptor();
  try {
    follow(child, output.reader, command, run);
  } catch (const Error& error) {
    run.output = error.what();
  }
  kill(-child, SIGKILL);
  kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  drain(output.reader.get(), command.output_bytes, run.output);
  std::string said;
  drain(ready.reader.get(), 2, said);
  run.ready = said == "r";
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) run.signal = WTERMSIG(status);
  run.seconds = std::chrono::duration<double>(Clock::now() - started).count();
  return run;
}

}  // namespace workbook::system
