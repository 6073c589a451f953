#include "common/checker/spawn_worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "common/checker/keep_pages.h"
#include "common/system/errors.h"
#include "common/system/launch.h"

namespace workbook {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kSetUp{60};  // generous: a sandbox takes milliseconds, machines are shared

double seconds_starting = 0;

/// The same memory, for writing only: what was printed cannot be read back, so it is no memory beside the limit.
FileDescriptor write_only(const FileDescriptor& file) {
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  FileDescriptor writer(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (writer.get() < 0) throw Fault("cannot open the file for the worker's output: " + std::string(strerror(errno)));
  return writer;
}

std::vector<std::string> command_of(const RunOptions& options) {
  std::vector<std::string> command = options.sandbox;
  // A sandbox has no `env`, and sets the variable itself.
  if (options.limits.keep_pages && options.sandbox.empty()) command.insert(command.end(), {"env", kKeepPages});
  command.insert(command.end(), {options.worker, options.plugin, std::to_string(options.limits.memory),
                                 std::to_string(static_cast<long>(std::ceil(options.limits.cpu_seconds)))});
  if (options.limits.keep_pages) command.push_back("keep-pages");
  return command;
}

pid_t start(const RunOptions& options, int socket, int output) try {
  // In this order: the standard streams are open, so `socket` is above 2 and no earlier entry overwrites it.
  const FileDescriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  return system::launch(
      {.argv = command_of(options),
       .descriptors = {{nothing.get(), STDIN_FILENO}, {output, STDOUT_FILENO}, {output, STDERR_FILENO}, {socket, 3}},
       .own_group = true});
} catch (const system::Error& error) {
  throw Fault(error.what());
}

/// Receives a frame's header and who sent it, as the kernel knows it; no sender if there is nothing to receive.
ucred receive_header(int socket, FrameHeader& header) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))]{};
  iovec into{&header, sizeof header};
  msghdr message{};
  message.msg_iov = &into;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ucred sender{-1, 0, 0};
  if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != static_cast<ssize_t>(sizeof header)) return sender;
  const cmsghdr* sent = CMSG_FIRSTHDR(&message);
  if (sent && sent->cmsg_type == SCM_CREDENTIALS) std::memcpy(&sender, CMSG_DATA(sent), sizeof sender);
  return sender;
}

/// A size in /proc/PID/status, in bytes; 0 if the process has no memory any more.
std::uint64_t size_in_status(pid_t process, std::string_view field) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field)) return std::stoull(line.substr(field.size())) << 10;
  return 0;
}

/// Waits for a worker to say Ready, and answers when its size is known. Its sender is the worker's process, seen from
/// here: its time, its threads and its memory are counted, not those of the processes around it.
void await_ready(SpawnedWorker& spawned) {
  const auto deadline = Clock::now() + kSetUp;
  pollfd wait{spawned.socket.get(), POLLIN, 0};
  while (poll(&wait, 1, 1000) <= 0 && Clock::now() < deadline) {
  }
  FrameHeader header{};
  const ucred sender = receive_header(spawned.socket.get(), header);
  if (sender.pid <= 0 || header.kind != FrameKind::ready) {
    end_worker(spawned);
    std::string said(2000, '\0');
    const ssize_t n = pread(spawned.output.get(), said.data(), said.size(), 0);
    said.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    throw Fault("the worker could not be set up: " + (said.empty() ? "it ended without a word" : said));
  }
  spawned.worker = sender.pid;
  if (sender.pid != spawned.child)
    spawned.handle = FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, sender.pid, 0)));
  spawned.empty = size_in_status(sender.pid, "VmSize:");
  if (spawned.empty == 0) throw Fault("expected the worker's size in /proc; found none");
  send(spawned.socket.get(), &header, sizeof header, MSG_NOSIGNAL);
}

/// Ends a worker inside its sandbox, and lets the sandbox's own process see it go and follow: an orphan would have to
/// wait until init looks after it.
void end_inside(const SpawnedWorker& worker) {
  syscall(SYS_pidfd_send_signal, worker.handle.get(), SIGKILL, nullptr, 0);
  const FileDescriptor around(static_cast<int>(syscall(SYS_pidfd_open, worker.child, 0)));
  pollfd gone[] = {{worker.handle.get(), POLLIN, 0}, {around.get(), POLLIN, 0}};
  for (pollfd& one : gone) poll(&one, 1, 5000);
}

}  // namespace

double seconds_spent_starting() { return seconds_starting; }

SpawnedWorker spawn_worker(const RunOptions& options) {
  const auto started = Clock::now();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw Fault("cannot make a socket for the worker");
  SpawnedWorker spawned;
  spawned.socket = FileDescriptor(ends[0]);
  FileDescriptor theirs(ends[1]);
  spawned.output = FileDescriptor(memfd_create("output", MFD_CLOEXEC));
  const int on = 1;
  setsockopt(spawned.socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  spawned.child = spawned.worker = start(options, theirs.get(), write_only(spawned.output).get());
  theirs = FileDescriptor();  // the other end is the worker's alone: when it dies, the stream ends
  await_ready(spawned);
  seconds_starting += std::chrono::duration<double>(Clock::now() - started).count();
  return spawned;
}

std::uint64_t memory_peak(const SpawnedWorker& worker) {
  const std::uint64_t peak = size_in_status(worker.worker, "VmPeak:");
  return peak < worker.empty ? std::numeric_limits<std::uint64_t>::max() : peak - worker.empty;
}

int end_worker(SpawnedWorker& worker) {
  if (worker.child < 0) return 0;
  if (worker.handle.get() >= 0) end_inside(worker);
  kill(-worker.child, SIGKILL);
  kill(worker.child, SIGKILL);
  int status = 0;
  while (waitpid(worker.child, &status, 0) < 0 && errno == EINTR) {
  }
  worker.child = -1;
  return status;
}

}  // namespace workbook
