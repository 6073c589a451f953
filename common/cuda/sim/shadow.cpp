#include "common/cuda/sim/shadow.h"

#include <algorithm>

#include "common/cuda/sim/memory.h"

namespace workbook::cuda {
namespace {

void set(std::uint8_t& bits, std::uint8_t which, bool value) {
  bits = static_cast<std::uint8_t>(value ? bits | which : bits & ~which);
}

/// Two accesses that may come in any order, because that is what they are for.
bool may_compete(bool strong_then, bool volatile_then, AccessKind kind, bool same_warp) {
  // A volatile is no atomic for the lanes of a warp, which have not run in step since compute capability 7.0.
  return strong_then && (kind.atomic || kind.is_volatile) && !(same_warp && (volatile_then || kind.is_volatile));
}

constexpr std::uint8_t kMany = Word::kManyBlocks | Word::kManyWarps | Word::kManyLanes;

/// Whether somebody besides `word.read` has read, and is not ordered before `now`.
bool others_read(const Word& word, const Stamp& now, const Order& order) {
  const bool this_epoch = word.read.at.run == now.run && word.read.at.epoch == now.epoch;
  return (word.flags & (this_epoch ? kMany : Word::kManyBlocks)) && !order.ordered(word.other_read.at, now);
}

void note_read(Word& word, const Access& now, std::uint8_t bytes, AccessKind kind, const Order& order) {
  const Stamp &then = word.read.at, &at = now.at;
  const bool overlap = word.read_bytes & bytes;
  if (!order.in_this_launch(then))
    set(word.flags, kMany, false);
  else if (then.run == at.run && then.epoch != at.epoch)
    set(word.flags, Word::kManyWarps | Word::kManyLanes, false);
  else if (order.met(then, at))
    set(word.flags, Word::kManyLanes, (word.flags & Word::kManyLanes) && then == at);
  else if (overlap) {
    const bool further = then.run != at.run || then.thread / 32 != at.thread / 32;
    if (further || !(word.flags & (Word::kManyBlocks | Word::kManyWarps))) word.other_read = word.read;
    word.flags |= then.run != at.run                   ? Word::kManyBlocks
                  : then.thread / 32 != at.thread / 32 ? Word::kManyWarps
                                                       : Word::kManyLanes;
  }
  word.read = now;
  word.read_bytes = bytes;
  set(word.flags, Word::kVolatileRead, kind.is_volatile);
}

}  // namespace

Hazard find_hazard(const Word& word, const Access& now, std::uint8_t bytes, AccessKind kind, const Order& order,
                   Access& other) {
  const auto concurrent = [&](const Access& then) {
    return order.in_this_launch(then.at) && !order.ordered(then.at, now.at);
  };
  const auto same_warp = [&](const Access& then) {
    return then.at.run == now.at.run && then.at.thread / 32 == now.at.thread / 32;
  };
  const bool volatile_write = word.flags & Word::kVolatileWrite, volatile_read = word.flags & Word::kVolatileRead;
  const bool strong_write = volatile_write || word.flags & Word::kAtomicWrite;
  if ((word.write_bytes & bytes) && concurrent(word.write) &&
      !may_compete(strong_write, volatile_write, kind, same_warp(word.write))) {
    other = word.write;
    return kind.write ? Hazard::write_after_write : Hazard::read_after_write;
  }
  if (!kind.write || !(word.read_bytes & bytes) || !order.in_this_launch(word.read.at)) return Hazard::none;
  if (may_compete(volatile_read, volatile_read, kind, same_warp(word.read))) return Hazard::none;
  if (!concurrent(word.read) && !others_read(word, now.at, order)) return Hazard::none;
  other = concurrent(word.read) ? word.read : word.other_read;
  return Hazard::write_after_read;
}

void note_access(Word& word, const Access& now, std::uint8_t bytes, AccessKind kind, const Order& order) {
  if (!kind.write) {
    if (word.read.at != now.at || (word.read_bytes & bytes) != bytes) note_read(word, now, bytes, kind, order);
    return;
  }
  word.write = now;
  word.write_bytes = bytes;
  word.written |= bytes;
  set(word.from_host, bytes, false);
  set(word.flags, Word::kAtomicWrite, kind.atomic);
  set(word.flags, Word::kVolatileWrite, kind.is_volatile);
  // Who is ordered after this write is ordered after the reads before it.
  word.read_bytes = static_cast<std::uint8_t>(word.read_bytes & ~bytes);
  if (word.read_bytes == 0) set(word.flags, kMany, false);
}

// A page of device memory has whole pages of shadow to itself.
static_assert(kPage / 4 * sizeof(Word) % kPage == 0);
constexpr std::size_t kSectorBytes = 2 * sizeof(std::uint32_t);

void GlobalShadow::enable() {
  if (enabled()) return;
  words_ = static_cast<Word*>(reserve(DeviceMemory::kBytes / 4 * sizeof(Word)));
  sectors_ = static_cast<std::uint32_t*>(reserve(DeviceMemory::kBytes / 32 * kSectorBytes));
  pages_ = static_cast<bool*>(reserve(DeviceMemory::kBytes / kPage));
  commit(pages_, DeviceMemory::kBytes / kPage);
}

bool GlobalShadow::cover(std::uintptr_t first, std::size_t bytes) {
  if (!enabled()) return true;
  const std::size_t offset = first - device_memory().first(), pages = whole_pages(bytes);
  auto* sectors = reinterpret_cast<char*>(sectors_) + (offset / 32 * kSectorBytes & ~(kPage - 1));
  if (!commit(words_ + offset / 4, pages / 4 * sizeof(Word)) || !commit(sectors, pages / 32 * kSectorBytes + kPage))
    return false;
  std::fill_n(pages_ + offset / kPage, pages / kPage, true);
  for (std::size_t at = 0; at < bytes; at += 4)
    word(offset + at).exists = static_cast<std::uint8_t>(bytes - at >= 4 ? 15 : (1 << (bytes - at)) - 1);
  return true;
}

void GlobalShadow::uncover(std::uintptr_t first, std::size_t bytes) {
  if (!enabled()) return;
  const std::size_t offset = first - device_memory().first(), pages = whole_pages(bytes);
  decommit(words_ + offset / 4, pages / 4 * sizeof(Word));
  std::fill_n(pages_ + offset / kPage, pages / kPage, false);
}

void GlobalShadow::set_written(std::uintptr_t first, std::size_t bytes, bool from_host) {
  if (!enabled()) return;
  const std::size_t offset = first - device_memory().first();
  for (std::size_t at = offset; at < offset + bytes; ++at) {
    const auto bit = static_cast<std::uint8_t>(1 << (at & 3));
    word(at).written |= bit;
    set(word(at).from_host, bit, from_host);
  }
}

void GlobalShadow::set_copied(std::uintptr_t to, std::uintptr_t from, std::size_t bytes) {
  if (!enabled()) return;
  const std::size_t source = from - device_memory().first();
  for (std::size_t at = 0; at < bytes; ++at)
    set_written(to + at, 1, word(source + at).from_host >> ((source + at) & 3) & 1);
}

template <class Predicate>
std::size_t GlobalShadow::first_byte(std::uintptr_t first, std::size_t bytes, Predicate is_it) const {
  if (!enabled()) return bytes;
  const std::size_t offset = first - device_memory().first();
  std::size_t at = 0;
  while (at < bytes && !is_it(words_[(offset + at) >> 2], 1 << ((offset + at) & 3))) ++at;
  return at;
}

std::size_t GlobalShadow::first_unwritten(std::uintptr_t first, std::size_t bytes) const {
  return first_byte(first, bytes, [](const Word& word, int bit) { return !(word.written & bit); });
}

std::size_t GlobalShadow::first_from_host(std::uintptr_t first, std::size_t bytes) const {
  return first_byte(first, bytes, [](const Word& word, int bit) { return (word.from_host & bit) != 0; });
}

GlobalShadow& global_shadow() {
  static auto* shadow = new GlobalShadow;
  return *shadow;
}

}  // namespace workbook::cuda
