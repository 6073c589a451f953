#include "common/cuda/sim/shadow.h"

#include <algorithm>

#include "common/cuda/sim/memory.h"

namespace workbook::cuda {
namespace {

void set(std::uint8_t& bits, std::uint8_t which, bool value) {
  bits = static_cast<std::uint8_t>(value ? bits | which : bits & ~which);
}

bool ordered(const Stamp& then, const Stamp& now) {
  if (then.launch != now.launch) return true;
  if (then.block != now.block) return false;
  if (then.epoch != now.epoch || then.thread == now.thread) return true;
  return then.thread / 32 == now.thread / 32 && then.warp_epoch != now.warp_epoch;
}

/// Whether somebody besides `word.read` has read, and is not ordered before `now`.
bool others_read(const Word& word, const Stamp& now) {
  if (word.read.launch != now.launch) return false;
  if (word.flags & Word::kManyBlocks) return true;
  if (word.read.block != now.block || word.read.epoch != now.epoch) return false;
  if (word.flags & Word::kManyWarps) return true;
  return (word.flags & Word::kManyLanes) && word.read.warp_epoch == now.warp_epoch;
}

void note_read(Word& word, const Stamp& now, std::uint8_t bytes, bool atomic) {
  constexpr std::uint8_t kMany = Word::kManyBlocks | Word::kManyWarps | Word::kManyLanes;
  const Stamp& then = word.read;
  const bool overlap = word.read_bytes & bytes;
  if (then.launch != now.launch)
    word.flags &= static_cast<std::uint8_t>(~kMany);
  else if (then.block != now.block)
    word.flags |= overlap ? Word::kManyBlocks : 0;
  else if (then.epoch != now.epoch)
    word.flags &= static_cast<std::uint8_t>(~(Word::kManyWarps | Word::kManyLanes));
  else if (then.thread / 32 != now.thread / 32)
    word.flags |= overlap ? Word::kManyWarps : 0;
  else if (then.warp_epoch != now.warp_epoch)
    word.flags &= static_cast<std::uint8_t>(~Word::kManyLanes);
  else if (then.thread != now.thread)
    word.flags |= overlap ? Word::kManyLanes : 0;
  word.read = now;
  word.read_bytes = bytes;
  word.flags = static_cast<std::uint8_t>((word.flags & ~Word::kAtomicRead) | (atomic ? Word::kAtomicRead : 0));
}

}  // namespace

Hazard note_access(Word& word, const Stamp& now, std::uint8_t bytes, AccessKind kind, Stamp& other) {
  const bool both_atomic = kind.atomic && (word.flags & Word::kAtomicWrite);
  if (word.write.launch == now.launch && (word.write_bytes & bytes) && !both_atomic && !ordered(word.write, now)) {
    const bool published = !kind.write && kind.fenced && word.write.block != now.block;
    if (!published) {
      other = word.write;
      return kind.write ? Hazard::write_after_write : Hazard::read_after_write;
    }
  }
  if (!kind.write) {
    if (word.read != now || (word.read_bytes & bytes) != bytes) note_read(word, now, bytes, kind.atomic);
    return Hazard::none;
  }
  const bool atomic_reads = kind.atomic && (word.flags & Word::kAtomicRead);
  if (word.read.launch == now.launch && (word.read_bytes & bytes) && !atomic_reads &&
      (!ordered(word.read, now) || others_read(word, now))) {
    other = word.read;
    return Hazard::write_after_read;
  }
  word.write = now;
  word.write_bytes = bytes;
  word.written |= bytes;
  set(word.from_host, bytes, false);
  word.flags = static_cast<std::uint8_t>((word.flags & ~Word::kAtomicWrite) | (kind.atomic ? Word::kAtomicWrite : 0));
  return Hazard::none;
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
