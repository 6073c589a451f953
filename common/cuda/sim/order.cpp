#include "common/cuda/sim/order.h"

#include <algorithm>

namespace workbook::cuda {

void Order::begin_launch() {
  first_run_ = runs_ + 1;
  period_ = 1;
  releases_.clear();
  acquires_.clear();
}

void Order::begin_block(unsigned threads) {
  if (clocks_.size() < threads) clocks_.resize(threads);
  run_ = ++runs_;
  barrier();
  epoch_ = 0;
  fenced_epochs_[0] = fenced_epochs_[1] = 0;
  if (fenced_)
    for (Clock& clock : clocks_) clock.fences[0] = clock.fences[1] = {};
  fenced_ = false;
}

void Order::barrier() {
  ++epoch_;
  ++period_;
  for (unsigned warp = 0; moved_ >> warp; ++warp) {
    if (!(moved_ >> warp & 1)) continue;
    for (std::size_t t = warp * 32; t < std::min<std::size_t>(clocks_.size(), warp * 32 + 32); ++t) {
      clocks_[t].step = 0;
      clocks_[t].seen.fill(0);
    }
    if (warp == 31) break;
  }
  moved_ = 0;
}

void Order::sync_lanes(unsigned warp, unsigned lanes) {
  ++period_;
  moved_ |= 1u << warp;
  Clock* const clocks = &clocks_[warp * 32];
  Lanes all{};
  for (unsigned l = 0; l < 32; ++l) {
    if (!(lanes >> l & 1)) continue;
    for (unsigned other = 0; other < 32; ++other) all[other] = std::max(all[other], clocks[l].seen[other]);
  }
  for (unsigned l = 0; l < 32; ++l)
    if (lanes >> l & 1) all[l] = ++clocks[l].step;
  for (unsigned l = 0; l < 32; ++l)
    if (lanes >> l & 1) clocks[l].seen = all;
}

void Order::fence(unsigned thread, bool for_all_blocks) {
  ++period_;
  moved_ |= 1u << thread / 32;
  fenced_ = true;
  Clock& clock = clocks_[thread];
  ++clock.step;
  for (int scope = 0; scope <= static_cast<int>(for_all_blocks); ++scope) {
    clock.fences[scope] = {true, epoch_, clock.step, clock.seen};
    fenced_epochs_[scope] = epoch_ + 1;
  }
}

void Order::tell(std::uintptr_t word, unsigned thread, bool reads, bool writes) {
  ++time_;
  ++period_;
  const Stamp now = stamp(thread);
  if (reads && releases_.contains(word)) acquires_[run_].push_back({now, word, time_});
  if (!writes || fenced_epochs_[0] == 0) return;
  const Clock& clock = clocks_[thread];
  releases_[word].push_back({now, {clock.fences[0], clock.fences[1]}, {fenced_epochs_[0], fenced_epochs_[1]}, time_});
}

/// Whether what was read there is known to whoever accesses now.
bool Order::follows(const Stamp& now, const Acquire& acquire) const {
  const Stamp& then = acquire.at;
  if (then.thread == now.thread || then.epoch < now.epoch) return true;
  return now.run == run_ && then.thread / 32 == now.thread / 32 &&
         then.step < clocks_[now.thread].seen[then.thread % 32];
}

/// Whether `then` comes before the release: its thread has made a fence since, or a barrier and then a fence follow.
bool Order::covers(const Release& release, const Stamp& then, bool same_block) {
  const Fence& fence = release.fences[!same_block];
  if (then.thread == release.at.thread)
    return fence.made && (then.epoch < fence.epoch || (then.epoch == fence.epoch && then.step < fence.step));
  if (then.epoch < release.at.epoch) return then.epoch < release.fenced_epochs[!same_block];
  return fence.made && then.epoch == fence.epoch && then.thread / 32 == release.at.thread / 32 &&
         then.step < fence.seen[then.thread % 32];
}

bool Order::told(const Stamp& then, const Stamp& now) const {
  std::vector<std::uint64_t> tried;
  return search(then, now, ~std::uint64_t{0}, tried);
}

/// Follows who was told by whom. From the newest on, for that is mostly the one: who holds a lock was told by whoever
/// held it before.
bool Order::search(const Stamp& then, const Stamp& now, std::uint64_t until, std::vector<std::uint64_t>& tried) const {
  constexpr std::size_t kFarthest = 256;
  const auto known = acquires_.find(now.run);
  if (known == acquires_.end()) return false;
  for (auto acquire = known->second.rbegin(); acquire != known->second.rend(); ++acquire) {
    if (acquire->time > until || !follows(now, *acquire)) continue;
    const std::vector<Release>& releases = releases_.at(acquire->word);
    for (auto release = releases.rbegin(); release != releases.rend(); ++release) {
      if (release->time >= acquire->time) continue;
      if (release->at.run == then.run && covers(*release, then, then.run == now.run)) return true;
      if (tried.size() == kFarthest || std::find(tried.begin(), tried.end(), release->time) != tried.end()) continue;
      tried.push_back(release->time);
      if (search(then, release->at, release->time, tried)) return true;
    }
  }
  return false;
}

}  // namespace workbook::cuda
