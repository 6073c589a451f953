#include "common/grading/judging/schedule.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>

#include <fmt/core.h>

#include "common/grading/exports/display.h"
#include "common/report/verdict.h"

namespace workbook::grading {

namespace {

constexpr int kWakeUp = SIGUSR1;  // a slot has nothing left to do

sigset_t interrupts() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, kWakeUp}) ::sigaddset(&set, signal);
  return set;
}

/// Shared by the slots; every member is behind the mutex.
class Run {
 public:
  Run(const std::vector<std::string>& names, int slots, const Work& work)
      : names_(names), work_(work), display_(names.size(), slots), busy_(slots) {}

  void serve(int slot) {
    for (std::size_t piece = 0; take(piece);) try {
        do_piece(piece, slot);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        failure_ = std::current_exception();
      }
    const std::lock_guard lock(mutex_);
    if (--busy_ == 0) ::kill(::getpid(), kWakeUp);
  }

  /// Until all slots are done. On an interrupt this process ends.
  void watch() {
    const sigset_t set = interrupts();
    const timespec moment{.tv_sec = 0, .tv_nsec = 200'000'000};
    while (true) {
      const int signal = ::sigtimedwait(&set, nullptr, &moment);
      const std::lock_guard lock(mutex_);
      if (busy_ == 0) break;
      if (signal > 0 && signal != kWakeUp) interrupted();
      display_.refresh();
    }
    display_.clear();
  }

  std::map<std::size_t, std::string> result() const {
    if (failure_) std::rethrow_exception(failure_);
    return faults_;
  }

 private:
  bool take(std::size_t& piece) {
    const std::lock_guard lock(mutex_);
    if (failure_ || next_ == names_.size()) return false;
    piece = next_++;
    return true;
  }

  void do_piece(std::size_t piece, int slot) {
    for (const bool again : {true, false}) {
      {
        const std::lock_guard lock(mutex_);
        display_.started(slot, names_[piece]);
      }
      const Outcome outcome = work_(piece, slot);
      const std::lock_guard lock(mutex_);
      if (outcome.fault.empty()) return display_.finished(slot, outcome.text);
      display_.failed(slot, outcome.fault, again);
      if (!again) faults_[piece] = outcome.fault;
    }
  }

  /// The slots are not waited for: their children end with them, and what they had not finished is not kept.
  [[noreturn]] void interrupted() {
    display_.clear();
    fmt::print(stderr, "Interrupted. The same command goes on from here.\n");
    std::fflush(nullptr);
    ::_exit(kExitInterrupted);
  }

  const std::vector<std::string>& names_;
  const Work& work_;
  std::mutex mutex_;
  Display display_;
  int busy_;
  std::size_t next_ = 0;
  std::map<std::size_t, std::string> faults_;
  std::exception_ptr failure_;
};

}  // namespace

void hold_interrupts() {
  const sigset_t set = interrupts();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::map<std::size_t, std::string> run_all(const std::vector<std::string>& names, int slots, const Work& work) {
  if (names.empty()) return {};
  slots = std::min(slots, static_cast<int>(names.size()));
  hold_interrupts();
  Run run(names, slots, work);
  std::vector<std::jthread> threads;
  for (int slot = 0; slot < slots; ++slot) threads.emplace_back([&run, slot] { run.serve(slot); });
  run.watch();
  threads.clear();
  return run.result();
}

}  // namespace workbook::grading
