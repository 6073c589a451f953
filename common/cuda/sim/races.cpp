/// Accesses to one word that nothing orders: which of them are races, and when that is known.

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/fault.h"
#include "common/cuda/sim/memory.h"

namespace workbook::cuda {
namespace {

std::uint32_t value_at(std::uintptr_t address, std::uint8_t bytes) {
  std::uint32_t value = 0, mask = 0;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  for (int byte = 0; byte < 4; ++byte)
    if (bytes >> byte & 1) mask |= 0xffu << 8 * byte;
  return value & mask;
}

/// Lanes of a warp that come to one instruction together, as far as their numbers of times there tell.
bool same_instruction(const Access& a, const Access& b) {
  return a.at.run == b.at.run && a.at.thread / 32 == b.at.thread / 32 && a.at.epoch == b.at.epoch &&
         a.place == b.place && a.time == b.time && a.time > 0;
}

std::string ordinal(unsigned n) {
  const char* ending = n % 100 / 10 == 1 ? "th" : n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
  return fmt::format("{}{}", n, ending);
}

}  // namespace

void Watch::meet(const Word& word, const Conflict& conflict, std::uint8_t bytes) {
  const Stamp& then = conflict.earlier.at;
  const AccessKind kind = conflict.kind;
  if (race_) return;  // there is one to tell already
  if (kind.write && !kind.atomic && same_instruction(word.write, conflict.later)) {
    stores_.push_back({conflict, bytes, value_at(conflict.address, bytes)});
    stores_.back().conflict.earlier = word.write;
    return;
  }
  const bool reader_goes_on = then.run == now_.run && engine_.is_ready(then.thread);
  if ((conflict.hazard == Hazard::read_after_write && (word.flags & Word::kAtomicWrite)) ||
      (conflict.hazard == Hazard::write_after_read && kind.atomic && reader_goes_on)) {
    doubts_.push_back(conflict);
    return;
  }
  if (then.run == now_.run && then.thread != now_.thread && engine_.barrier_of(then.thread))
    race_ = conflict;
  else
    report_race(conflict, nullptr);
}

/// All lanes of a warp may store one value to a word by one instruction. Now it is there.
void Watch::settle_stores() {
  for (const SameStore& store : stores_)
    if (value_at(store.conflict.address, store.bytes) != store.before) {
      const Conflict conflict = store.conflict;
      stores_.clear();
      report_same_store(conflict);
    }
  stores_.clear();
}

/// Who has read a word before its atomic there has only guessed; the atomic tells.
void Watch::settle_doubts(std::uintptr_t address) {
  std::erase_if(doubts_, [&](const Conflict& doubt) {
    const Access& read = doubt.hazard == Hazard::read_after_write ? doubt.later : doubt.earlier;
    return doubt.address == (address & ~std::uintptr_t{3}) && read.at.thread == now_.thread;
  });
}

void Watch::before_meeting() {
  settle_stores();
  for (const Conflict& doubt : doubts_) {
    const Access& read = doubt.hazard == Hazard::read_after_write ? doubt.later : doubt.earlier;
    if (read.at.thread == now_.thread) report_race(doubt, nullptr);
  }
  if (!race_ || race_->later.at.thread != now_.thread) return;
  const Conflict race = *race_;
  report_race(race, engine_.barrier_passed_by(race.earlier.at.thread));
}

void Watch::tell_race() {
  if (!race_) return;
  const Conflict race = *std::exchange(race_, std::nullopt);
  report(CudaFaultKind::wrong, race_text(race, nullptr), {place_of(race.later), place_of(race.earlier)});
}

void Watch::report_race(const Conflict& conflict, const void* passed_by) {
  race_.reset();
  engine_.fault(CudaFaultKind::wrong, race_text(conflict, passed_by),
                {place_of(conflict.later), place_of(conflict.earlier), passed_by});
}

std::string Watch::race_text(const Conflict& conflict, const void* passed_by) const {
  const Access &earlier = conflict.earlier, &later = conflict.later;
  const char* then = conflict.hazard == Hazard::write_after_read ? "read" : "written";
  const char* now = conflict.kind.atomic ? "updates" : conflict.kind.write ? "writes" : "reads";
  const std::string start =
      fmt::format("{{0}}: {} {} a word of {} that ", engine_.who(later.at.thread), now, name_of(conflict.address));
  const std::string times =
      earlier.time > 0 && later.time > 0 && (earlier.time > 1 || later.time > 1)
          ? fmt::format(" (there for the {} time, here for the {})", ordinal(earlier.time), ordinal(later.time))
          : "";
  if (earlier.at.run != later.at.run)
    return start + fmt::format("was {} by another block of the same launch, {}, {{at1}}{}. {}", then,
                               engine_.thread_of_block(order_.block_of(earlier.at), earlier.at.thread), times,
                               remedy(conflict));
  return start + fmt::format("{} has {} since the last barrier: a race. It was {} {{at1}}{}. {}",
                             engine_.thread_text(earlier.at.thread), then, then, times,
                             passed_by ? fmt::format("This thread passes by the barrier {{at2}}, where {} waits: a "
                                                     "barrier in a branch is for nobody.",
                                                     engine_.thread_text(earlier.at.thread))
                                       : remedy(conflict));
}

/// What may be meant. No barrier helps where two threads store to one place.
std::string Watch::remedy(const Conflict& conflict) const {
  const Access &earlier = conflict.earlier, &later = conflict.later;
  const bool both_store = conflict.hazard == Hazard::write_after_write;
  if (earlier.at.run != later.at.run && both_store)
    return "Each element is stored by one block. The launch has " + launch_text() +
           ": does the index use each of its axes, with the right stride? What blocks add up together needs an atomic "
           "or "
           "a second launch.";
  if (earlier.at.run != later.at.run)
    return "Blocks run in any order: let each write places of its own, and use an atomic for what they add up "
           "together. "
           "A second launch sees what the first has written; so does a block that is told by an atomic after a "
           "__threadfence().";
  if (both_store && earlier.place == later.place && earlier.time == later.time)
    return "Both stores are of one line, and a barrier would only choose which value stays: let each thread have "
           "places "
           "of its own. Is the index right, up to the end of a row?";
  const bool same_warp = earlier.at.thread / 32 == later.at.thread / 32;
  if (same_warp && conflict.kind.is_volatile)
    return "`volatile` is no barrier: since compute capability 7.0 the lanes of a warp do not run in step. Put a "
           "__syncwarp() between the two.";
  std::string text = "Put a __syncthreads() between the two";
  text += both_store ? ", or let each thread have places of its own" : ", unless one of them should use another place";
  if (same_warp) text += "; if all that ever use the word are of one warp, a __syncwarp() is enough";
  if (device_memory().contains(conflict.address) && engine_.counts().operations.atomics > 0)
    text += ". If an atomic tells when the word is ready, a __threadfence() has to stand before it";
  return text + ".";
}

void Watch::report_same_store(const Conflict& conflict) {
  engine_.fault(CudaFaultKind::wrong,
                fmt::format("{{0}}: {} writes a word of {} to which {} of its warp has given another value by the same "
                            "instruction: which of them stays is undefined. Let one lane write, or each a place of its "
                            "own.",
                            engine_.who(), name_of(conflict.address), engine_.thread_text(conflict.earlier.at.thread)),
                {place_of(conflict.later)});
}

}  // namespace workbook::cuda
