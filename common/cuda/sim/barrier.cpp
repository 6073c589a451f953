/// Whether threads that wait at a barrier wait at the same one.

#include <fmt/format.h>

#include <algorithm>

#include "common/cuda/sim/engine.h"

namespace workbook::cuda {
namespace {

bool same_call(const Thread& a, const Thread& b) { return a.which == b.which && a.barrier == b.barrier; }

}  // namespace

/// By the frame pointers of the plugin's functions, up to the one that the simulator has called.
void Engine::note_calls(const void* place, const void* frame) {
  CallPath& calls = running_->calls;
  calls = {{place}, 1};
  const std::uintptr_t first = stack_first(running_->number);
  const auto* next = static_cast<const std::uintptr_t*>(frame);
  while (calls.depth < calls.places.size()) {
    next = reinterpret_cast<const std::uintptr_t*>(next[0]);
    if (reinterpret_cast<std::uintptr_t>(next) - first >= kStack - 2 * sizeof *next) return;
    if (!watch_.is_code(next[1])) return;
    calls.places[calls.depth++] = reinterpret_cast<const void*>(next[1]);
  }
}

const void* Engine::barrier_passed_by(unsigned thread) const {
  const Thread& other = threads_[thread];
  const bool meets = running_->state == State::at_barrier && same_call(*running_, other);
  return meets || other.state != State::at_barrier ? nullptr : other.place;
}

/// All threads wait: at the same barrier?
bool Engine::check_barrier() {
  const Thread& first = threads_[0];
  for (unsigned t = 1; t < count_; ++t) {
    const Thread& other = threads_[t];
    if (same_call(first, other)) {
      if (first.calls != other.calls) suspect_barriers(first, other);
      continue;
    }
    stop_with(CudaFaultKind::wrong, two_barriers(first, other), {first.place, other.place});
    return false;
  }
  return true;
}

std::string Engine::two_barriers(const Thread& first, const Thread& other) const {
  return fmt::format(
      "{{0}}: {} waits at this barrier, {} of the same block at the one {{at1}}. All threads of a block must meet at "
      "the "
      "same __syncthreads(): move it out of the branch.",
      who(first), thread_text(other.number));
}

/// The calls around may be two, as of a function that both branches of an if call; or an optimiser has made two of one.
/// The lines of the source tell, which are not known here.
void Engine::suspect_barriers(const Thread& first, const Thread& other) {
  const std::pair<CallPath, CallPath> both{first.calls, other.calls};
  if (std::find(suspected_.begin(), suspected_.end(), both) != suspected_.end()) return;
  suspected_.push_back(both);
  report_unless_same(two_barriers(first, other), {first.calls.places.data(), first.calls.depth},
                     {other.calls.places.data(), other.calls.depth});
}

}  // namespace workbook::cuda
