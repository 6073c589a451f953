#include "common/cuda/sim/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "common/cuda/sim/memory.h"

namespace workbook::cuda {

namespace context = boost::context::detail;

namespace {

std::string text_of(uint3 v) { return fmt::format("({}, {}, {})", v.x, v.y, v.z); }

uint3 index_in(std::uint64_t number, const dim3& extent) {
  return {static_cast<unsigned>(number % extent.x), static_cast<unsigned>(number / extent.x % extent.y),
          static_cast<unsigned>(number / (std::uint64_t{extent.x} * extent.y))};
}

}  // namespace

__attribute__((tls_model("initial-exec"))) __thread Engine* running_engine = nullptr;

Engine::Engine()
    : stacks_(reinterpret_cast<std::uintptr_t>(reserve((kMaxThreads + 1) * kStack))),  // nothing is just above the last
      dynamic_shared_(reserve(kDynamic)),
      watch_(*this) {}

void Engine::enter(context::transfer_t from) {
  auto* engine = static_cast<Engine*>(from.data);
  for (;;) {
    engine->scheduler_ = from.fctx;
    engine->launch_->thread(engine->launch_->arguments);
    if (global_shadow().enabled()) engine->watch_.before_meeting();
    engine->running_->state = State::done;
    from = context::jump_fcontext(engine->scheduler_, nullptr);
  }
}

void Engine::begin(const Launch& launch) {
  launch_ = &launch;
  count_ = launch.threads();
  if (threads_.size() < count_) threads_.resize(count_);
  warps_ = (count_ + 31) / 32;
  for (unsigned t = stacks_ready_; t < count_; ++t)
    if (!commit(reinterpret_cast<void*>(stack_first(t) + kPage), kStack - kPage)) throw std::bad_alloc();
  stacks_ready_ = std::max(stacks_ready_, count_);
  for (unsigned t = 0; t < count_; ++t) {
    Thread& thread = threads_[t];
    thread.number = t;
    thread.index = index_in(t, launch.block);
    if (!thread.context)
      thread.context =
          context::make_fcontext(reinterpret_cast<void*>(stack_first(t) + kStack), kStack - kPage, &Engine::enter);
  }
  if (launch.dynamic_shared > 0 && !commit(dynamic_shared_, launch.dynamic_shared)) throw std::bad_alloc();
  watch_.begin_launch(launch.dynamic_shared, launch.arguments, launch.argument_bytes);
  counts_ = CudaLaunch();
  suspected_.clear();
}

void Engine::begin_block(std::uint64_t block) {
  block_number_ = static_cast<std::uint32_t>(block);
  block_index_ = index_in(block, launch_->grid);
  for (unsigned t = 0; t < count_; ++t) {
    threads_[t].state = State::ready;
    threads_[t].copies.clear();
    threads_[t].copy_group = 0;
    threads_[t].groups_left = 0;
  }
  aborted_ = false;
  watch_.begin_block();
}

bool Engine::run(std::uint64_t block) {
  begin_block(block);
  running_engine = this;
  constexpr int kTurns = 64;  // then the next warp, which this one may be waiting for
  for (;;) {
    bool progress = false;
    for (unsigned warp = 0; warp < warps_ && !aborted_; ++warp) {
      for (int turn = 0; turn < kTurns && run_warp(warp); ++turn) progress = true;
      complete_active(warp);  // lanes that go on may be waiting for those
    }
    if (aborted_ || (!progress && !advance_barrier())) break;
  }
  running_engine = nullptr;
  if (aborted_)
    for (Thread& thread : threads_) thread.context = nullptr;  // what ran there is abandoned
  return !aborted_;
}

void Engine::resume(Thread& thread) {
  running_ = &thread;
  const bool watched = global_shadow().enabled();
  if (watched) watch_.begin_turn(thread.number, stack_first(thread.number));
  thread.context = context::jump_fcontext(thread.context, this).fctx;
  if (watched && !aborted_) watch_.end_turn();
}

void Engine::note_atomic() {
  constexpr std::uint64_t kPatience = 64;
  if (++counts_.operations.atomics % kPatience == 0) yield();
}

void Engine::yield() { scheduler_ = context::jump_fcontext(scheduler_, nullptr).fctx; }

/// Gives every lane that can go on a turn; false if none could.
bool Engine::run_warp(unsigned warp) {
  bool progress = false;
  const unsigned last = std::min(count_, warp * 32 + 32);
  for (unsigned t = warp * 32; t < last; ++t) {
    if (threads_[t].state != State::ready) continue;
    progress = true;
    resume(threads_[t]);
    if (aborted_) return false;
  }
  if (!progress) return false;
  watch_.end_turns();
  complete_collectives(warp);
  return !aborted_;
}

int Engine::barrier(WorkbookBarrier kind, int predicate, int which, const void* place, const void* frame) {
  running_->state = State::at_barrier;
  running_->barrier = kind;
  running_->predicate = predicate;
  running_->which = which;
  running_->place = place;
  if (global_shadow().enabled()) {
    note_calls(place, frame);
    watch_.before_meeting();
  }
  yield();
  return barrier_result_;
}

/// Nobody can go on: the end of the block, a complete barrier, or a deadlock. False if the block is over.
bool Engine::advance_barrier() {
  unsigned waiting = 0, done = 0;
  for (unsigned t = 0; t < count_; ++t) {
    waiting += threads_[t].state == State::at_barrier;
    done += threads_[t].state == State::done;
  }
  if (!watch_.check_unwritten()) aborted_ = true;
  if (done == count_ || aborted_) return false;
  if (waiting + done < count_ || done > 0 || !check_barrier()) {
    if (!aborted_) report_deadlock();
    return false;
  }
  release_barrier();
  return true;
}

void Engine::release_barrier() {
  int sum = 0;
  for (unsigned t = 0; t < count_; ++t) {
    sum += threads_[t].predicate != 0;
    threads_[t].state = State::ready;
  }
  const WorkbookBarrier kind = threads_[0].barrier;
  barrier_result_ = kind == workbook_barrier_and  ? sum == static_cast<int>(count_)
                    : kind == workbook_barrier_or ? sum > 0
                                                  : sum;
  watch_.order().barrier();
  ++counts_.operations.barriers;
}

void Engine::stop_with(CudaFaultKind kind, const std::string& text, std::initializer_list<const void*> places) {
  aborted_ = true;
  watch_.tell_race();
  report(kind, text, places);
}

void Engine::fault(CudaFaultKind kind, const std::string& text, std::initializer_list<const void*> places) {
  stop_with(kind, text, places);
  for (;;) yield();  // never resumed
}

std::string Engine::who(const Thread& thread) const {
  return fmt::format("kernel {}, block {}, thread {}", launch_->kernel, text_of(block_index_), text_of(thread.index));
}

std::string Engine::thread_of_block(std::uint64_t block, unsigned thread) const {
  return fmt::format("block {}, {}", text_of(index_in(block, launch_->grid)), thread_text(thread));
}

std::string Engine::thread_text(unsigned number) const { return "thread " + text_of(threads_[number].index); }

}  // namespace workbook::cuda
