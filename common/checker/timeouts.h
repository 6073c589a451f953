#pragma once
/// Which of an implementation's functions have timed out, over all test cases of a run.

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "common/checker/worker_process.h"

namespace workbook {

/// Keeps an implementation from taking the whole night. A function that timed out in two test cases is not called
/// again: in the others it would most likely only take time. All test cases together have as much as six functions can
/// take that way, and a solution needs a thirtieth of it.
class Timeouts {
 public:
  static constexpr double kCpuSeconds = 100, kIdleSeconds = 60;
  using Counts = std::map<std::string, int, std::less<>>;

  Timeouts() = default;
  Timeouts(Counts counts, double cpu_seconds, double idle_seconds)
      : cpu_seconds_(cpu_seconds), idle_seconds_(idle_seconds), counts_(std::move(counts)) {}

  const Counts& counts() const { return counts_; }
  double cpu_seconds() const { return cpu_seconds_; }
  double idle_seconds() const { return idle_seconds_; }

  /// To be called at most once for a test case.
  void add(std::string_view what) { ++counts_[std::string(what)]; }

  bool given_up(std::string_view what) const { return count(what) >= 2; }

  /// What the next call may take: little if this function has used up a limit before, for it will most likely again.
  Limits for_call(std::string_view what, Limits limits) const {
    if (count(what) == 0) return limits;
    limits.cpu_seconds = std::min(limits.cpu_seconds, kSecondsOnceMore);
    limits.idle_seconds = std::min(limits.idle_seconds, kSecondsOnceMore);
    return limits;
  }

  /// What a test case took.
  void spend(double cpu_seconds, double idle_seconds) {
    cpu_seconds_ += cpu_seconds;
    idle_seconds_ += idle_seconds;
  }

  /// What was noted here after `before`, which is an earlier copy.
  Timeouts since(const Timeouts& before) const {
    Timeouts later = *this;
    for (const auto& [what, times] : before.counts_) later.counts_[what] -= times;
    later.spend(-before.cpu_seconds_, -before.idle_seconds_);
    return later;
  }

  /// Notes what another process has noted.
  void merge(const Timeouts& other) {
    for (const auto& [what, times] : other.counts_) counts_[what] += times;
    spend(other.cpu_seconds_, other.idle_seconds_);
  }

  bool all_spent() const { return cpu_seconds_ >= kCpuSeconds || idle_seconds_ >= kIdleSeconds; }

 private:
  static constexpr double kSecondsOnceMore = 1;

  int count(std::string_view what) const {
    const auto found = counts_.find(what);
    return found == counts_.end() ? 0 : found->second;
  }

  double cpu_seconds_ = 0, idle_seconds_ = 0;
  Counts counts_;
};

}  // namespace workbook
