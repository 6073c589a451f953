#pragma once
/// Runs the blocks of a launch on one core: every thread of a block is a fiber, and the lanes of a warp take turns.

#include <cstdint>
#include <string>
#include <vector>

#include "common/cuda/sim/fault.h"
#include "common/cuda/sim/launch.h"
#include "common/cuda/sim/thread.h"
#include "common/cuda/sim/watch.h"

namespace workbook::cuda {

class Engine;
/// In the worker's static thread-local space: every access of an instrumented plugin looks here first. Not
/// `constinit thread_local`: GCC 11 calls a function that would initialize it, and there is no such function.
extern __attribute__((tls_model("initial-exec"), visibility("hidden"))) __thread Engine* running_engine;

class Engine {
 public:
  Engine();

  /// Gets ready for blocks of this launch.
  void begin(const Launch& launch);
  /// Runs one block. False after a fault.
  bool run(std::uint64_t block);
  /// After the last block: what it has left in shared memory is gone.
  void end() { watch_.end_launch(); }

  /// The engine whose fiber runs on this core; null in host code.
  static Engine* current() { return running_engine; }

  // What a thread of the kernel calls.
  const Thread& thread() const { return *running_; }
  uint3 block_index() const { return block_index_; }
  const Launch& launch() const { return *launch_; }
  void* dynamic_shared() const { return dynamic_shared_; }
  /// `which`: the same for all calls that come of one in the source. `frame`: of the function that calls this.
  int barrier(WorkbookBarrier kind, int predicate, int which, const void* place, const void* frame);
  std::uint64_t collective(WorkbookCollective what, unsigned mask, std::uint64_t value, int argument, int width,
                           const void* place);
  void check_launch_bounds(int most_threads, const void* place);
  /// A matrix, or a row of one, has to lie at a multiple of so many bytes.
  void check_matrix(const void* address, int alignment, int stride, int stride_alignment, bool shared_only,
                    const void* place);
  void begin_copy(const DeviceCopy& copy);
  void commit_copies() { ++running_->copy_group; }
  /// Until at most that many of the committed groups are under way; with -1, no copy at all.
  void await_copies(int groups);
  /// The copy under way to this address; null if there is none.
  const DeviceCopy* copy_to(std::uintptr_t address, const Thread*& by) const;
  void fence(bool for_all_blocks) { watch_.order().fence(running_->number, for_all_blocks); }
  /// The lanes that come to this place, once no other lane of the warp can.
  unsigned active_lanes(const void* place);
  void yield();
  /// Counts an atomic; now and then others get a turn, for a lock may be awaited.
  void note_atomic();
  /// Notes a fault of the running thread and ends the kernel.
  [[noreturn]] void fault(CudaFaultKind kind, const std::string& text, std::initializer_list<const void*> places);

  /// "kernel scale, block (0, 1, 0), thread (3, 0, 0)"
  std::string who() const { return who(*running_); }
  std::string who(unsigned thread) const { return who(threads_[thread]); }
  std::string who(const Thread& thread) const;
  /// "block (1, 0, 0), thread (3, 0, 0)", of this launch
  std::string thread_of_block(std::uint64_t block, unsigned thread) const;
  std::string thread_text(unsigned number) const;
  /// The barrier that a thread of this block waits at; null if it does not.
  const void* barrier_of(unsigned number) const {
    return threads_[number].state == State::at_barrier ? threads_[number].place : nullptr;
  }

  bool is_ready(unsigned thread) const { return threads_[thread].state == State::ready; }
  /// The barrier that this thread waits at; null if the running one waits there, too.
  const void* barrier_passed_by(unsigned thread) const;

  Watch& watch() { return watch_; }
  CudaLaunch& counts() { return counts_; }
  std::uintptr_t stack_first(unsigned thread) const { return stacks_ + thread * kStack; }
  static constexpr std::size_t kStack = 64 * 1024;
  std::uintptr_t stacks() const { return stacks_; }
  /// Whether this is dynamic shared memory, or among the local variables of threads.
  bool has(std::uintptr_t address) const {
    return address - stacks_ < kMaxThreads * kStack ||
           address - reinterpret_cast<std::uintptr_t>(dynamic_shared_) < kDynamic;
  }
  static constexpr std::size_t kDynamic = 256 * 1024;  ///< address range of dynamic shared memory

 private:
  static void enter(boost::context::detail::transfer_t from);
  void begin_block(std::uint64_t block);
  void resume(Thread& thread);
  bool run_warp(unsigned warp);
  bool advance_barrier();
  bool check_barrier();
  void note_calls(const void* place, const void* frame);
  std::string two_barriers(const Thread& first, const Thread& other) const;
  void suspect_barriers(const Thread& first, const Thread& other);
  void release_barrier();
  void complete_collectives(unsigned warp);
  void complete_active(unsigned warp);
  bool try_collective(unsigned warp, Thread& thread);
  void compute_collective(unsigned warp, unsigned lanes);
  void compute_matrix(unsigned warp, unsigned lanes);
  std::uint64_t shuffled(unsigned warp, unsigned lane, unsigned lanes);
  void report_deadlock();
  void stop_with(CudaFaultKind kind, const std::string& text, std::initializer_list<const void*> places);
  unsigned lanes_in(unsigned warp, State state) const;
  Thread& lane(unsigned warp, unsigned l) { return threads_[warp * 32 + l]; }

  const Launch* launch_ = nullptr;
  std::vector<Thread> threads_;
  unsigned count_ = 0;  ///< threads of the block
  std::uintptr_t stacks_ = 0;
  unsigned stacks_ready_ = 0;
  void* dynamic_shared_ = nullptr;
  uint3 block_index_;
  std::uint32_t block_number_ = 0;
  Thread* running_ = nullptr;
  boost::context::detail::fcontext_t scheduler_ = nullptr;
  bool aborted_ = false;
  unsigned warps_ = 0;
  std::vector<std::pair<CallPath, CallPath>> suspected_;  ///< barriers that may be one or two, told once
  int barrier_result_ = 0;
  CudaLaunch counts_;
  Watch watch_;
};

}  // namespace workbook::cuda
