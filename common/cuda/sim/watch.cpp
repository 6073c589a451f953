#include "common/cuda/sim/watch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/memory.h"

namespace workbook::cuda {

Watch::Watch(Engine& engine) : engine_(engine), table_(1024) {}

void Watch::begin_launch(std::size_t dynamic_bytes, const void* arguments, std::size_t argument_bytes) {
  if (!global_shadow().enabled()) return;
  image_ = plugin_image_of(reinterpret_cast<const void*>(engine_.launch().thread));
  device_first_ = device_memory().first();
  static_shared_ = image_.shared;
  static_bytes_ = (image_.shared_bytes + 127) & ~std::size_t{127};
  dynamic_shared_ = reinterpret_cast<std::uintptr_t>(engine_.dynamic_shared());
  dynamic_bytes_ = dynamic_bytes;
  arguments_ = reinterpret_cast<std::uintptr_t>(arguments);
  argument_bytes_ = argument_bytes;
  const auto* thread_locals = reinterpret_cast<const std::byte*>(image_.shared);
  before_.assign(thread_locals, thread_locals + image_.shared_bytes);
  shared_.resize((static_bytes_ + dynamic_bytes_) / 4 + 1);
}

void Watch::end_launch() {
  if (!global_shadow().enabled()) return;
  std::ranges::copy(before_, reinterpret_cast<std::byte*>(image_.shared));
  std::memset(reinterpret_cast<void*>(dynamic_shared_), 0xff, dynamic_bytes_);
}

bool Watch::check_unwritten() {
  const void* place = std::exchange(unwritten_place_, nullptr);
  if (place) report(CudaFaultKind::wrong, unwritten_, {place});
  return !place;
}

void Watch::begin_thread(const Stamp& stamp, unsigned lane, std::uintptr_t stack) {
  now_ = stamp;
  lane_ = lane;
  stack_ = stack;
}

void Watch::access(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
  kind.fenced = engine_.fenced();
  if (address - stack_ < Engine::kStack) return;
  if (address & (bytes - 1)) report_misaligned(address, bytes, kind, place);
  std::size_t offset = 0;
  Word* words = shared_words(address, bytes, offset);
  if (!words)
    return address - device_first_ < DeviceMemory::kBytes ? global_access(address, bytes, kind, place)
                                                          : elsewhere(address, bytes, kind, place);
  check_words(words, address, bytes, kind, place, Space::shared);
  record(Space::shared, static_cast<std::uint32_t>(offset >> 2), bytes, kind.write, place);
}

Word* Watch::shared_words(std::uintptr_t address, unsigned bytes, std::size_t& offset) {
  if (address - static_shared_ < static_bytes_)
    offset = address - static_shared_;
  else if (address - dynamic_shared_ < dynamic_bytes_ && address - dynamic_shared_ + bytes <= dynamic_bytes_)
    offset = static_bytes_ + (address - dynamic_shared_);
  else
    return nullptr;
  Word* words = &shared_[offset >> 2];
  for (unsigned i = 0; i < (bytes + 3) / 4; ++i) {
    Word& word = words[i];
    if (is_earlier(word.write) && is_earlier(word.read)) word = Word();  // another block's
    word.exists = 15;
  }
  return words;
}

void Watch::begin_copy(std::uintptr_t to, unsigned bytes, const void* place) {
  access(to, bytes, {.write = true}, place);
  std::size_t offset = 0;
  Word* words = shared_words(to, bytes, offset);
  for (unsigned i = 0; words && i < bytes / 4; ++i) {
    words[i].flags |= Word::kPending;
    words[i].read_bytes = 0;
  }
}

void Watch::land_copy(std::uintptr_t to, unsigned bytes, const void* place) {
  std::size_t offset = 0;
  Word* words = shared_words(to, bytes, offset);
  if (!words) return;
  for (unsigned i = 0; i < bytes / 4; ++i) words[i].flags &= static_cast<std::uint8_t>(~Word::kPending);
  check_words(words, to, bytes, {.write = true}, place, Space::shared);
}

void Watch::global_access(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
  GlobalShadow& shadow = global_shadow();
  const std::size_t offset = address - device_first_;
  if (!shadow.covers(offset)) report_missing(address, bytes, kind, place);
  check_words(&shadow.word(offset), address, bytes, kind, place, Space::global);
  note_cold(offset, kind.write);
  record(Space::global, static_cast<std::uint32_t>(offset >> 2), bytes, kind.write, place);
}

void Watch::check_words(Word* words, std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place,
                        Space space) {
  const unsigned n = bytes > 4 ? bytes / 4 : 1;
  const auto touched = static_cast<std::uint8_t>(bytes >= 4 ? 15 : ((1u << bytes) - 1) << (address & 3));
  for (unsigned i = 0; i < n; ++i) {
    Word& word = words[i];
    if (!kind.write && word.read == now_ && (word.read_bytes & touched) == touched) continue;  // checked before
    if (word.flags & Word::kPending) report_pending(address + i * 4, kind, place);
    if ((word.exists & touched) != touched) report_missing(address + i * 4, bytes, kind, place);
    if ((!kind.write || kind.atomic) && (word.written & touched) != touched)
      report_unwritten(address + i * 4, space, place);
    Stamp other;
    const Hazard hazard = note_access(word, now_, touched, kind, other);
    if (hazard != Hazard::none) report_hazard(hazard, other, address + i * 4, kind, place);
  }
}

namespace {

std::size_t hash_of(Space space, bool write, const void* place) {
  const auto key = reinterpret_cast<std::uintptr_t>(place) * 4 + static_cast<unsigned>(space) * 2 + write;
  return key * 0x9e3779b97f4a7c15ull >> 32;
}

}  // namespace

Site& Watch::site(Space space, bool write, unsigned bytes, const void* place) {
  std::size_t at = hash_of(space, write, place) & (table_.size() - 1);
  for (; Site* found = table_[at]; at = (at + 1) & (table_.size() - 1))
    if (found->place == place && found->space == space && found->write == write) return *found;
  sites_.push_back(std::make_unique<Site>());
  Site& made = *sites_.back();
  made.place = place;
  made.space = space;
  made.write = write;
  made.bytes = static_cast<std::uint8_t>(bytes);
  table_[at] = &made;
  if (sites_.size() * 2 > table_.size()) {
    table_.assign(table_.size() * 2, nullptr);
    for (const auto& known : sites_) {
      std::size_t free = hash_of(known->space, known->write, known->place) & (table_.size() - 1);
      while (table_[free]) free = (free + 1) & (table_.size() - 1);
      table_[free] = known.get();
    }
  }
  return made;
}

void Watch::record(Space space, std::uint32_t word, unsigned bytes, bool write, const void* place) {
  Site& s = site(space, write, bytes, place);
  if (!s.touched) {
    s.touched = true;
    touched_.push_back(&s);
  }
  const unsigned row = s.count[lane_]++;
  if (row >= s.rows_used) {
    if (row >= s.rows.size()) s.rows.resize(std::max<std::size_t>(8, s.rows.size() * 2));
    s.rows[row].lanes = 0;
    s.rows_used = row + 1;
  }
  s.rows[row].lanes |= 1u << lane_;
  s.rows[row].word[lane_] = word;
  if (row + 1 >= kLongestTurn) engine_.yield();
}

void Watch::end_turns() {
  for (Site* s : touched_) {
    count(*s);
    std::fill(std::begin(s->count), std::end(s->count), std::uint16_t{0});
    s->rows_used = 0;
    s->touched = false;
  }
  touched_.clear();
}

}  // namespace workbook::cuda
