#include "common/checker/worker_process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <random>

#include "common/checker/crash_text.h"
#include "common/checker/source_location.h"
#include "common/checker/spawn_worker.h"
#include "common/system/utf8.h"
#include "common/worker/threads.h"

namespace workbook {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kLook = 0.05;  ///< seconds between two looks at what a worker does
/// By the clock, for the rest of all answers whose first bytes are there. That takes milliseconds, so it is generous on
/// a busy machine, too; and whoever sends byte by byte is never seen idle.
double sending_seconds(const Limits& limits) { return 6 * limits.idle_seconds; }

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string human_bytes(std::uint64_t bytes) {
  const std::string digits = std::to_string(bytes);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ' ';
    text += digits[i];
  }
  return text + " bytes";
}

class WorkerProcess final : public Server {
 public:
  explicit WorkerProcess(const RunOptions& options) : options_(options), process_(spawn_worker(options)) {}
  ~WorkerProcess() override { end_worker(process_); }

  std::vector<std::byte> exchange(std::span<const std::byte> request) override;
  std::string output(std::size_t max_bytes) const override;
  void allow(const Limits& limits) override { options_.limits = limits; }
  bool metered() const override { return metered_; }
  std::uint64_t memory_peak() const override { return workbook::memory_peak(process_); }
  std::uint32_t threads_left() const override;
  Spent spent() const override { return {std::max(cpu_seen_, cpu_used()), idle_ + sending_}; }

  void greet(const std::string& contract);

 private:
  std::vector<std::byte> receive(FrameKind expected, const char* when);
  void wait_for(short events);
  void read(void* to, std::size_t size, const char* when);
  bool write(const void* from, std::size_t size);
  double cpu_used() const;
  Threads threads() const { return threads_of(process_.worker).value_or(Threads{}); }
  [[noreturn]] void stop(Verdict verdict, const std::string& text);
  [[noreturn]] void refuse(const std::string& why);
  [[noreturn]] void stop_ended(const char* when);
  [[noreturn]] void stop_fatal(const Fatal& fatal);
  [[noreturn]] void stop_late();
  std::string location_of(const Fatal& fatal) const;

  RunOptions options_;
  SpawnedWorker process_;
  bool metered_ = false;
  Clock::time_point call_started_;
  double cpu_before_ = 0, cpu_seen_ = 0, idle_ = 0, sending_ = 0;
  std::uint32_t request_ = 0;
  std::random_device entropy_;
  std::unique_ptr<Stopped> stopped_;
};

void WorkerProcess::greet(const std::string& contract) {
  call_started_ = Clock::now();
  const auto bytes = receive(FrameKind::hello, "while it was loaded");
  Hello hello;
  try {
    Reader in(bytes);
    hello = decode<Hello>(in);
    in.finish();
  } catch (const WireError& e) {
    stop(Verdict::crashed, std::string("the worker's greeting is malformed: ") + e.what());
  }
  if (!hello.error.empty())
    refuse("the implementation cannot be loaded: " + system::printable(hello.error, kLongestText));
  if (hello.contract != contract) refuse(options_.plugin + " was built for another contract; build it again");
  metered_ = hello.metered;
}

/// It cannot be used, and whose fault that is depends on who wrote the greeting.
void WorkerProcess::refuse(const std::string& why) {
  if (options_.trust_plugin) throw Fault(why);
  stop(Verdict::crashed, why);
}

std::vector<std::byte> WorkerProcess::exchange(std::span<const std::byte> request) {
  if (stopped_) throw *stopped_;
  call_started_ = Clock::now();
  cpu_before_ = cpu_used();
  request_ = entropy_();  // not to be guessed: a reply sent before its request is none
  const FrameHeader header{FrameKind::request, request_, request.size()};
  const bool sent = write(&header, sizeof header) && write(request.data(), request.size());
  // If it ended before the call, it may still have told why.
  return receive(FrameKind::reply, sent ? "during the call" : "between two calls");
}

std::vector<std::byte> WorkerProcess::receive(FrameKind expected, const char* when) {
  FrameHeader header;
  read(&header, sizeof header, when);
  if (header.kind == FrameKind::fatal && header.length == sizeof(Fatal)) {
    Fatal fatal;
    read(&fatal, sizeof fatal, when);
    stop_fatal(fatal);
  }
  if (header.kind != expected || (expected == FrameKind::reply && header.id != request_))
    stop(Verdict::crashed, "the worker sent something that is no reply");
  if (header.length > options_.limits.reply)
    stop(Verdict::out_of_memory,
         "the result has " + human_bytes(header.length) + "; expected at most " + human_bytes(options_.limits.reply));
  std::vector<std::byte> bytes(header.length);
  read(bytes.data(), bytes.size(), when);
  return bytes;
}

void WorkerProcess::read(void* to, std::size_t size, const char* when) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const auto waits = Clock::now();
    wait_for(POLLIN);
    if (at != to) sending_ += seconds_since(waits);
    const ssize_t n = recv(process_.socket.get(), at, size, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) stop_ended(when);
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

/// False if the worker is gone. A worker that does not read is late, like one that does not answer.
bool WorkerProcess::write(const void* from, std::size_t size) {
  const auto* at = static_cast<const char*>(from);
  while (size > 0) {
    wait_for(POLLOUT);
    const ssize_t n = send(process_.socket.get(), at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// CPU time of the whole worker, all threads.
double WorkerProcess::cpu_used() const {
  clockid_t clock;
  timespec used{};
  if (clock_getcpuclockid(process_.worker, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

/// Counted here, where no implementation can have a hand in it. A worker needs its first thread only; one that was
/// started while the implementation was loaded is left, too. 0 for an ordinary worker: it counts them itself.
std::uint32_t WorkerProcess::threads_left() const { return options_.sandbox.empty() ? 0 : threads().others; }

/// Waits until the socket is ready; once a limit is reached, it is the worker's end.
void WorkerProcess::wait_for(short events) {
  pollfd wait{process_.socket.get(), events, 0};
  for (;;) {
    const double computed = cpu_seen_ = cpu_used();
    const auto looked = Clock::now();
    const double left =
        std::min({options_.limits.wall_seconds - seconds_since(call_started_), options_.limits.idle_seconds - idle_,
                  options_.limits.cpu_seconds - (computed - cpu_before_), sending_seconds(options_.limits) - sending_});
    if (left <= 0) stop_late();
    if (poll(&wait, 1, static_cast<int>(std::min(left, kLook) * 1000) + 1) > 0) return;
    // Who waits for a processor is not idle, and whoever has answered since is not, either.
    const bool blocked = !threads().runnable;
    if (poll(&wait, 1, 0) > 0) return;
    if (blocked) idle_ += std::max(0.0, std::min(seconds_since(looked), 2 * kLook) - (cpu_used() - computed));
  }
}

void WorkerProcess::stop(Verdict verdict, const std::string& text) {
  end_worker(process_);
  stopped_ = std::make_unique<Stopped>(verdict, text);
  throw *stopped_;
}

void WorkerProcess::stop_ended(const char* when) {
  const auto ending = [](const Threads& threads) { return !threads.first && threads.others == 0; };
  // The stream has ended, so the process is ending, which takes a moment, on a busy machine a longer one. One that has
  // closed it otherwise goes on.
  siginfo_t info{};
  for (int i = 0; i < 6000 && info.si_pid == 0 && ending(threads()); ++i) {
    waitid(P_PID, static_cast<id_t>(process_.child), &info, WEXITED | WNOHANG | WNOWAIT);
    if (info.si_pid == 0) poll(nullptr, 0, 10);
  }
  const bool ended_itself = info.si_pid != 0;
  const int status = end_worker(process_);
  // What runs a sandbox passes its child's signal on as an exit status, as a shell does.
  const bool passed_on = !options_.sandbox.empty() && WIFEXITED(status) && WEXITSTATUS(status) > 128;
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : passed_on ? WEXITSTATUS(status) - 128 : 0;
  const std::string how =
      !ended_itself      ? "closed its connection"
      : signal == SIGSYS ? "asked the system for something that grading forbids, and was ended"
      : signal != 0      ? std::string("was killed by signal ") + strsignal(signal)
                         : "ended with exit status " + std::to_string(WEXITSTATUS(status)) + " (a call of exit()?)";
  stop(Verdict::crashed, "the process " + how + " " + when);
}

std::string WorkerProcess::location_of(const Fatal& fatal) const {
  if (!options_.trust_plugin) return {};
  const std::size_t frames = std::min<std::size_t>(fatal.frames, fatal.offsets.size());
  const std::string found = source_location(options_.plugin, {fatal.offsets.data(), frames});
  const std::string who = system::printable({fatal.who.data(), strnlen(fatal.who.data(), fatal.who.size())}, 160);
  return (found.empty() ? "" : " at " + found) + (who.empty() ? "" : ", " + who);
}

void WorkerProcess::stop_fatal(const Fatal& fatal) {
  const std::string where = location_of(fatal);
  switch (fatal.kind) {
    case FatalKind::out_of_memory:
      stop(Verdict::out_of_memory, "asked for " + human_bytes(fatal.asked) + where +
                                       " on top of what it has; the limit for everything is " +
                                       human_bytes(options_.limits.memory));
    case FatalKind::timed_out:
      stop(Verdict::timed_out, "still running" + where + " when its time was up");
    case FatalKind::data_race:
      stop(Verdict::wrong, race_text(options_.plugin, {fatal.offsets.data(), std::min<std::size_t>(fatal.frames, 2)}));
    case FatalKind::signal:
      break;
  }
  const std::string claim = fatal.signal == SIGABRT && options_.trust_plugin ? failed_assertion(output(8 << 10)) : "";
  const std::string reason = reason_of(fatal.signal, fatal.forbidden != 0);
  stop(Verdict::crashed, (fatal.stack_overflow ? "stack overflow (8 MiB)" : reason) + where + claim);
}

/// The time is up: ask the worker where it is, then end it.
void WorkerProcess::stop_late() {
  const double computed = cpu_used() - cpu_before_;
  const bool busy = computed >= options_.limits.cpu_seconds;
  const bool idle = idle_ >= options_.limits.idle_seconds;
  const bool slow = sending_ >= sending_seconds(options_.limits);
  const std::string what =
      busy   ? fmt::format("no answer after {:.2g} s of computing", options_.limits.cpu_seconds)
      : idle ? fmt::format("no answer, and nothing computed for {:.2g} s: waiting for something?",
                           options_.limits.idle_seconds)
      : slow ? fmt::format("only a part of an answer after {:.2g} s", sending_seconds(options_.limits))
             : fmt::format("no answer after {:.2g} s", options_.limits.wall_seconds);
  if (!options_.trust_plugin) stop(Verdict::timed_out, what);
  kill(process_.worker, SIGXCPU);
  pollfd wait{process_.socket.get(), POLLIN, 0};
  struct {
    FrameHeader header;
    Fatal fatal;
  } last;
  const bool told =
      poll(&wait, 1, 500) > 0 &&
      recv(process_.socket.get(), &last, sizeof last, MSG_DONTWAIT) == static_cast<ssize_t>(sizeof last) &&
      last.header.kind == FrameKind::fatal && last.fatal.kind == FatalKind::timed_out;
  const std::string where = told ? location_of(last.fatal) : "";
  stop(Verdict::timed_out, what + (where.empty() ? "" : (busy ? ". It was" : " It was") + where));
}

std::string WorkerProcess::output(std::size_t max_bytes) const {
  std::string text(max_bytes + 1, '\0');
  const ssize_t n = pread(process_.output.get(), text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  if (text.size() > max_bytes) text.replace(max_bytes, 1, "\n... (cut here; more was printed)\n");
  return text;
}

}  // namespace

std::unique_ptr<Server> start_worker(const RunOptions& options, const std::string& contract) {
  auto worker = std::make_unique<WorkerProcess>(options);
  worker->greet(contract);
  return worker;
}

RunOptions for_gpu(RunOptions options) {
  options.on_gpu = true;
  options.limits.memory = meter::kUnlimited;
  options.limits.idle_seconds = std::max(options.limits.idle_seconds, 60.0);
  return options;
}

bool machine_has_gpu() {
  static const bool found = ::access("/dev/nvidiactl", R_OK) == 0 || ::access("/dev/dxg", R_OK) == 0;
  return found;
}

}  // namespace workbook
