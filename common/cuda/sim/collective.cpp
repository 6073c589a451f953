/// What the lanes of a warp do together, and what keeps threads from ever meeting.

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "common/cuda/sim/engine.h"

namespace workbook::cuda {
namespace {

const char* name_of(WorkbookCollective what) {
  constexpr const char* kNames[] = {"__shfl_sync",       "__shfl_up_sync",
                                    "__shfl_down_sync",  "__shfl_xor_sync",
                                    "__syncwarp",        "a vote",
                                    "__match_any_sync",  "__reduce_add_sync",
                                    "__reduce_min_sync", "__reduce_max_sync",
                                    "__reduce_min_sync", "__reduce_max_sync",
                                    "__reduce_and_sync", "__reduce_or_sync",
                                    "__reduce_xor_sync", "mma",
                                    "ldmatrix",          "a load or store of a matrix",
                                    "__activemask"};
  return kNames[what];
}

}  // namespace

unsigned Engine::lanes_in(unsigned warp, State state) const {
  unsigned lanes = 0;
  for (unsigned l = 0; l < 32 && warp * 32 + l < count_; ++l)
    if (threads_[warp * 32 + l].state == state) lanes |= 1u << l;
  return lanes;
}

unsigned Engine::active_lanes(const void* place) {
  running_->state = State::at_collective;
  running_->collective = workbook_active_lanes;
  running_->mask = 0;
  running_->place = place;
  yield();
  return static_cast<unsigned>(running_->result);
}

/// Which lanes are active where a warp has parted is for the hardware to say; these are as many as there can be.
void Engine::complete_active(unsigned warp) {
  if (aborted_) return;
  for (unsigned l = 0; l < 32 && warp * 32 + l < count_; ++l) {
    const auto is_there = [&](const Thread& t) {
      return t.state == State::at_collective && t.collective == workbook_active_lanes;
    };
    if (!is_there(lane(warp, l))) continue;
    const void* place = lane(warp, l).place;
    unsigned lanes = 0;
    for (unsigned other = l; other < 32 && warp * 32 + other < count_; ++other)
      if (is_there(lane(warp, other)) && lane(warp, other).place == place) lanes |= 1u << other;
    for (unsigned left = lanes; left; left &= left - 1) {
      Thread& thread = lane(warp, static_cast<unsigned>(std::countr_zero(left)));
      thread.result = lanes;
      thread.state = State::ready;
    }
  }
}

std::uint64_t Engine::collective(WorkbookCollective what, unsigned mask, std::uint64_t value, int argument, int width,
                                 const void* place) {
  Thread& self = *running_;
  const unsigned lane = self.number % 32;
  if (!(mask >> lane & 1))
    fault(
        CudaFaultKind::wrong,
        fmt::format("{{0}}: {} calls {} with the mask {:#010x}, which does not name its own lane {}. A thread may only "
                    "take part in what its lane is named for: 0xffffffff if the whole warp comes here.",
                    who(), name_of(what), mask, lane),
        {place});
  if (width < 1 || width > 32 || !std::has_single_bit(static_cast<unsigned>(width)))
    fault(CudaFaultKind::wrong,
          fmt::format("{{0}}: {} calls {} with width {}; expected 1, 2, 4, 8, 16 or 32.", who(), name_of(what), width),
          {place});
  self.state = State::at_collective;
  self.collective = what;
  self.mask = mask;
  self.value = value;
  self.argument = argument;
  self.width = width;
  self.place = place;
  yield();
  return self.result;
}

void Engine::complete_collectives(unsigned warp) {
  for (unsigned l = 0; l < 32 && warp * 32 + l < count_ && !aborted_; ++l)
    if (lane(warp, l).state == State::at_collective && lane(warp, l).collective != workbook_active_lanes)
      try_collective(warp, lane(warp, l));
  if (!lanes_in(warp, State::ready)) complete_active(warp);
}

/// Completes this thread's collective if everybody named in its mask has come, or will never come.
bool Engine::try_collective(unsigned warp, Thread& first) {
  const unsigned exist = count_ - warp * 32 >= 32 ? ~0u : (1u << (count_ - warp * 32)) - 1;
  const unsigned lanes = first.mask & exist & ~lanes_in(warp, State::done);
  for (unsigned l = 0; l < 32; ++l) {
    if (!(lanes >> l & 1)) continue;
    const Thread& other = lane(warp, l);
    if (other.state != State::at_collective || other.collective != first.collective || other.mask != first.mask)
      return false;
  }
  if (first.collective >= workbook_matrix_multiply)
    compute_matrix(warp, lanes);
  else
    compute_collective(warp, lanes);
  return true;
}

void Engine::compute_collective(unsigned warp, unsigned lanes) {
  const auto first = static_cast<unsigned>(std::countr_zero(lanes));
  const WorkbookCollective what = lane(warp, first).collective;
  ++counts_.operations.warp_collectives;
  if (what == workbook_sync_warp && global_shadow().enabled()) watch_.order().sync_lanes(warp, lanes);
  std::uint64_t all = 0;
  if (what == workbook_ballot)
    for (unsigned l = 0; l < 32; ++l) all |= (lanes >> l & 1) && lane(warp, l).value ? 1u << l : 0;
  if (what >= workbook_reduce_add) all = lane(warp, first).value;
  for (unsigned l = first + 1; what >= workbook_reduce_add && l < 32; ++l) {
    if (!(lanes >> l & 1)) continue;
    const std::uint64_t x = lane(warp, l).value;
    switch (what) {
      case workbook_reduce_add:
        all += x;
        break;
      case workbook_reduce_min:
        all = std::min(all, x);
        break;
      case workbook_reduce_max:
        all = std::max(all, x);
        break;
      case workbook_reduce_min_signed:
        all = std::min<std::int64_t>(static_cast<std::int64_t>(all), static_cast<std::int64_t>(x));
        break;
      case workbook_reduce_max_signed:
        all = std::max<std::int64_t>(static_cast<std::int64_t>(all), static_cast<std::int64_t>(x));
        break;
      case workbook_reduce_and:
        all &= x;
        break;
      case workbook_reduce_or:
        all |= x;
        break;
      default:
        all ^= x;
        break;
    }
  }
  for (unsigned l = 0; l < 32 && !aborted_; ++l) {
    if (!(lanes >> l & 1)) continue;
    Thread& self = lane(warp, l);
    self.result = what <= workbook_shuffle_xor ? shuffled(warp, l, lanes) : all;
    if (what == workbook_match_any)
      for (unsigned other = 0; other < 32; ++other)
        if ((lanes >> other & 1) && lane(warp, other).value == self.value) self.result |= 1u << other;
  }
  for (unsigned l = 0; l < 32; ++l)
    if (lanes >> l & 1) lane(warp, l).state = State::ready;
}

/// What a shuffle gives to lane `l`.
std::uint64_t Engine::shuffled(unsigned warp, unsigned l, unsigned lanes) {
  const Thread& self = lane(warp, l);
  const auto width = static_cast<unsigned>(self.width), argument = static_cast<unsigned>(self.argument);
  const unsigned base = l & ~(width - 1);
  unsigned from = l;
  switch (self.collective) {
    case workbook_shuffle_index:
      from = base + (argument & (width - 1));
      break;
    case workbook_shuffle_up:
      from = l >= base + argument ? l - argument : l;
      break;
    case workbook_shuffle_down:
      from = l + argument < base + width ? l + argument : l;
      break;
    default:
      from = (l ^ argument) < base + width ? (l ^ argument) : l;
      break;
  }
  if (from < 32 && (lanes >> from & 1)) return lane(warp, from).value;
  running_ = &lane(warp, l);
  stop_with(CudaFaultKind::wrong,
            fmt::format("{{0}}: {} takes a value from lane {} by {}, but that lane takes no part{}. Its value is "
                        "undefined: let all 32 lanes come here with their neutral value.",
                        who(self), from, name_of(self.collective),
                        warp * 32 + from >= count_ ? fmt::format(": the block has {} threads", count_) : ""),
            {self.place});
  return 0;
}

/// Every thread waits for one that will not come.
void Engine::report_deadlock() {
  const auto end = threads_.begin() + count_;
  const auto in = [&](State state) {
    return std::find_if(threads_.begin(), end, [&](const Thread& t) { return t.state == state; });
  };
  const auto at_barrier = in(State::at_barrier), at_collective = in(State::at_collective), done = in(State::done);
  if (at_collective != end) {
    const unsigned warp = at_collective->number / 32;
    const unsigned first = at_collective->number % 32;
    for (unsigned l = 0; l < 32 && warp * 32 + l < count_; ++l) {
      const Thread& other = lane(warp, l);
      if (l == first || !(at_collective->mask >> l & 1) || other.state == State::done) continue;
      if (other.state == State::at_collective && other.collective == at_collective->collective &&
          other.mask == at_collective->mask)
        continue;
      const std::string where = other.state == State::at_barrier ? "at the __syncthreads() {at1}"
                                                                 : fmt::format("at {} with mask {:#010x} {{at1}}",
                                                                               name_of(other.collective), other.mask);
      return stop_with(
          CudaFaultKind::wrong,
          fmt::format("{{0}}: {} waits at {} for the lanes of mask {:#010x}, but {}, lane {} of that warp, "
                      "waits {}. All lanes named in a mask must make the same call with the same mask.",
                      who(*at_collective), name_of(at_collective->collective), at_collective->mask,
                      thread_text(other.number), l, where),
          {at_collective->place, other.place});
    }
  }
  const auto waiting =
      std::count_if(threads_.begin(), end, [](const Thread& t) { return t.state == State::at_barrier; });
  stop_with(
      CudaFaultKind::wrong,
      fmt::format("{{0}}: kernel {}, block ({}, {}, {}): {} of {} threads wait at this barrier, but {} has left the "
                  "kernel without it. Every thread of a block must reach each __syncthreads(): move it out of the "
                  "branch, or let the thread skip the work instead of returning.",
                  launch_->kernel, block_index_.x, block_index_.y, block_index_.z, waiting, count_,
                  done != end ? thread_text(done->number) : "another"),
      {at_barrier != end ? at_barrier->place : nullptr});
}

}  // namespace workbook::cuda
