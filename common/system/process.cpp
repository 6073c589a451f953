#include "common/system/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/file_descriptor.h"

namespace workbook::system {

namespace {

volatile std::sig_atomic_t interrupted = 0;

/// Several threads may each have a child. 0 is a free place.
std::array<std::atomic<pid_t>, 64> children{};
static_assert(std::atomic<pid_t>::is_always_lock_free);  // a signal handler reads them

constexpr std::array kInterrupts{SIGINT, SIGTERM, SIGHUP};

/// The terminal tells our children too; a `kill` of this process alone would not.
void note_interrupt(int) {
  interrupted = 1;
  for (const auto& child : children)
    if (const pid_t pid = child; pid > 0) ::kill(pid, SIGINT);
}

/// Holds interrupts back until destroyed.
class Uninterrupted {
 public:
  Uninterrupted() {
    sigset_t all;
    ::sigemptyset(&all);
    for (const int signal : kInterrupts) ::sigaddset(&all, signal);
    ::sigprocmask(SIG_BLOCK, &all, &before_);
  }
  ~Uninterrupted() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;

 private:
  sigset_t before_{};
};

/// Hands whole lines of `output` past `seen` to `on_line`.
void give_lines(const Process& process, const std::string& output, std::size_t& seen) {
  for (auto end = output.find('\n', seen); end != output.npos; end = output.find('\n', seen)) {
    if (process.on_line) process.on_line(std::string_view(output).substr(seen, end - seen));
    seen = end + 1;
  }
}

/// Reads until the child closes its end, or Ctrl-C.
void read_output(const Process& process, int from, std::string& output) {
  std::array<char, 16384> buffer;
  std::size_t seen = 0;
  while (interrupted == 0) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    output.append(buffer.data(), static_cast<std::size_t>(got));
    give_lines(process, output, seen);
  }
}

/// Waits for the child; once interrupted it gets two seconds to clean up.
int wait_for(pid_t child) {
  int status = 0;
  for (int patience = 40;;) {
    const pid_t got = ::waitpid(child, &status, interrupted != 0 ? WNOHANG : 0);
    if (got == child) break;
    if (interrupted == 0) continue;
    if (--patience == 0) ::kill(child, SIGKILL);
    ::usleep(50'000);
  }
  for (auto& running : children)
    if (pid_t mine = child; running.compare_exchange_strong(mine, 0)) break;
  return status;
}

/// Starts the child; a signal from then on reaches it.
pid_t start(const Process& process, int output) {
  Launch child{.argv = process.argv,
               .environment = environment_with(process.env),
               .folder = process.folder,
               .dies_with_us = true};
  if (output >= 0) child.descriptors = {{output, STDOUT_FILENO}, {output, STDERR_FILENO}};
  const Uninterrupted guard;
  const pid_t started = launch(child);
  for (auto& running : children)
    if (pid_t free = 0; running.compare_exchange_strong(free, started)) break;
  return started;
}

}  // namespace

Ended run(const Process& process) {
  check_interrupted();
  std::fflush(nullptr);
  FileDescriptor reader, writer;
  if (process.capture) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw Error(fmt::format("cannot run {}: {}", process.argv[0], std::strerror(errno)));
    reader = FileDescriptor(ends[0]);
    writer = FileDescriptor(ends[1]);
  }
  const pid_t child = start(process, writer.get());
  writer = FileDescriptor();

  Ended ended;
  if (process.capture) read_output(process, reader.get(), ended.output);
  const int status = wait_for(child);
  check_interrupted();
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  return ended;
}

void become(const Argv& argv) {
  std::fflush(nullptr);
  ::execvp(argv[0].c_str(), c_strings(argv).data());
  throw Error(fmt::format("cannot run {}: {}", argv[0], std::strerror(errno)));
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::none_of(variables, [&](const auto& variable) { return variable.first == name; }))
      all.emplace_back(text);
  }
  for (const auto& [name, value] : variables) all.push_back(name + '=' + value);
  return all;
}

std::filesystem::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view folders = path == nullptr ? "" : path;
  while (!folders.empty()) {
    const auto end = std::min(folders.find(':'), folders.size());
    const std::string program = fmt::format("{}/{}", folders.substr(0, end), name);
    if (::access(program.c_str(), X_OK) == 0) return program;
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return {};
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = note_interrupt;  // without SA_RESTART: blocking calls return
  for (const int signal : kInterrupts) ::sigaction(signal, &action, nullptr);
}

void check_interrupted() {
  if (interrupted != 0) throw Interrupted{};
}

std::string shell_quoted(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace workbook::system
