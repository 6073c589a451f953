#pragma once
/// Which accesses of a launch are ordered: by a barrier of the block, by __syncwarp, or by a fence whose thread then
/// tells others by an atomic. Clocks as in FastTrack (Flanagan and Freund, 2009), cut down to what CUDA has.

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace workbook::cuda {

/// Who accesses, and when.
struct Stamp {
  std::uint32_t run = 0;     ///< block of a launch, counted over all launches; 0: never
  std::uint32_t epoch = 0;   ///< barriers of the block so far
  std::uint16_t thread = 0;  ///< in the block
  std::uint16_t step = 0;    ///< __syncwarp and fences of the thread since the last barrier

  bool operator==(const Stamp&) const = default;
};

class Order {
 public:
  void begin_launch();
  void begin_block(unsigned threads);

  /// All threads of the block have met.
  void barrier();
  /// These lanes have met at a __syncwarp.
  void sync_lanes(unsigned warp, unsigned lanes);
  /// What the thread has accessed so far is seen before what it accesses later: by its block, or by all of them.
  void fence(unsigned thread, bool for_all_blocks);
  /// An atomic or volatile access, by which threads tell each other that something is ready.
  void tell(std::uintptr_t word, unsigned thread, bool reads, bool writes);

  Stamp stamp(unsigned thread) const {
    return {run_, epoch_, static_cast<std::uint16_t>(thread), clocks_[thread].step};
  }
  /// A number of this launch that changes whenever anything may have become ordered; never 0.
  std::uint32_t period() const { return period_; }
  /// A number that no other launch has.
  std::uint32_t launch() const { return first_run_; }
  bool in_this_launch(const Stamp& then) const { return then.run >= first_run_; }
  std::uint32_t block_of(const Stamp& then) const { return then.run - first_run_; }
  /// Whether `then`, of this launch, comes before `now` however the threads are scheduled.
  bool ordered(const Stamp& then, const Stamp& now) const {
    return met(then, now) || (!releases_.empty() && told(then, now));
  }
  /// The same by barriers of the block and of warps alone.
  bool met(const Stamp& then, const Stamp& now) const {
    if (then.run != now.run) return false;
    if (then.epoch != now.epoch || then.thread == now.thread) return true;
    return then.thread / 32 == now.thread / 32 && then.step < clocks_[now.thread].seen[then.thread % 32];
  }

 private:
  using Lanes = std::array<std::uint16_t, 32>;  ///< of each lane of a warp, the first step that is not seen yet

  struct Fence {
    bool made = false;
    std::uint32_t epoch = 0;
    std::uint16_t step = 0;  ///< of what is after it
    Lanes seen{};
  };
  struct Clock {
    std::uint16_t step = 0;
    Lanes seen{};
    Fence fences[2];  ///< for the block, for all blocks
  };
  /// A thread has made a fence, and has then written a word for others to see.
  struct Release {
    Stamp at;
    Fence fences[2];
    std::uint32_t fenced_epochs[2];  ///< barriers of the block before its newest fence, and 1; 0: it has made none
    std::uint64_t time;
  };
  /// A thread has read such a word.
  struct Acquire {
    Stamp at;
    std::uintptr_t word;
    std::uint64_t time;
  };

  bool told(const Stamp& then, const Stamp& now) const;
  bool search(const Stamp& then, const Stamp& now, std::uint64_t until, std::vector<std::uint64_t>& tried) const;
  bool follows(const Stamp& now, const Acquire& acquire) const;
  static bool covers(const Release& release, const Stamp& then, bool same_block);

  static inline std::uint32_t runs_ = 0;  ///< so far, of all engines: words of device memory outlive them
  std::uint32_t run_ = 0, first_run_ = 1, epoch_ = 0, period_ = 1;
  std::vector<Clock> clocks_;
  std::uint32_t moved_ = 0;  ///< warps whose clocks are not at their start
  bool fenced_ = false;
  std::uint32_t fenced_epochs_[2] = {};
  std::uint64_t time_ = 0;                                             ///< counts what tells
  std::unordered_map<std::uintptr_t, std::vector<Release>> releases_;  ///< by word
  std::unordered_map<std::uint32_t, std::vector<Acquire>> acquires_;   ///< by block
};

}  // namespace workbook::cuda
