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
  const auto* code = reinterpret_cast<const void*>(engine_.launch().thread);
  image_ = plugin_image_of(code);
  order_.begin_launch();
  variables_.begin_launch(image_, code);
  device_first_ = device_memory().first();
  static_shared_ = image_.shared;
  static_bytes_ = image_.shared_extent();
  dynamic_shared_ = reinterpret_cast<std::uintptr_t>(engine_.dynamic_shared());
  dynamic_bytes_ = dynamic_bytes;
  arguments_ = reinterpret_cast<std::uintptr_t>(arguments);
  argument_bytes_ = argument_bytes;
  const auto* thread_locals = reinterpret_cast<const std::byte*>(image_.shared);
  before_.assign(thread_locals, thread_locals + image_.shared_bytes);
  shared_.resize((static_bytes_ + dynamic_bytes_) / 4 + 1);
  harmless_.assign(shared_.size(), 0);
}

void Watch::end_launch() {
  if (!global_shadow().enabled()) return;
  std::ranges::copy(before_, reinterpret_cast<std::byte*>(image_.shared));
  std::memset(reinterpret_cast<void*>(dynamic_shared_), 0xff, dynamic_bytes_);
}

void Watch::begin_block() {
  if (!global_shadow().enabled()) return;
  order_.begin_block(engine_.launch().threads());
  unwritten_place_ = nullptr;
  stores_.clear();
  doubts_.clear();
  race_.reset();
}

bool Watch::check_unwritten() {
  const void* place = std::exchange(unwritten_place_, nullptr);
  if (place) report(CudaFaultKind::wrong, unwritten_, {place});
  return !place;
}

void Watch::begin_turn(unsigned thread, std::uintptr_t stack) {
  now_ = order_.stamp(thread);
  lane_ = thread % 32;
  stack_ = stack;
}

Access Watch::access_at(const void* place, std::uint16_t time) const {
  const auto offset = reinterpret_cast<std::uintptr_t>(place) - image_.first;
  return {order_.stamp(now_.thread), static_cast<std::uint32_t>(offset), time};
}

const void* Watch::place_of(const Access& access) const {
  return reinterpret_cast<const void*>(image_.first + access.place);
}

void Watch::access(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
  if (!stores_.empty()) settle_stores();
  if (address - stack_ < Engine::kStack) return;
  if (address & (bytes - 1)) report_misaligned(address, bytes, kind, place);
  std::size_t offset = 0;
  if (!is_shared(address, bytes, offset))
    return address - device_first_ < DeviceMemory::kBytes ? global_access(address, bytes, kind, place)
                                                          : elsewhere(address, bytes, kind, place);
  Site& s = site(Space::shared, kind.write, bytes, place);
  check_words(shared_words(offset, bytes), address, bytes, kind, access_at(place, time_at(s)), Space::shared);
  record(s, static_cast<std::uint32_t>(offset >> 2));
}

Word* Watch::shared_words(std::size_t offset, unsigned bytes) {
  Word* words = &shared_[offset >> 2];
  for (unsigned i = 0; i < (bytes + 3) / 4; ++i) {
    Word& word = words[i];
    if (word.write.at.run == now_.run || word.read.at.run == now_.run) continue;
    word = Word();  // another block's
    const std::size_t number = (offset >> 2) + i;
    const bool is_static = offset < static_bytes_;
    word.exists = is_static ? variables_.exists(number) : 15;
    if (const SharedVariable* variable = is_static ? variables_.touch(number) : nullptr) check_limit(*variable);
  }
  return words;
}

/// After a read that is in order.
void Watch::note_harmless(const Word& word, const Access& now) {
  const bool whole = word.exists == 15 && word.written == 15 && word.read_bytes == 15;
  if (!whole || word.write.at.run != now.at.run || word.write.at.epoch == now.at.epoch) return;
  std::uint32_t& known = harmless_[static_cast<std::size_t>(&word - shared_.data())];
  if (word.flags & Word::kManyWarps)
    known = order_.period() * 64;
  else if (word.flags & Word::kManyLanes)
    known = order_.period() * 64 + 1 + now.at.thread / 32;
}

void Watch::begin_copy(std::uintptr_t to, unsigned bytes, const void* place) {
  access(to, bytes, {.write = true}, place);
  std::size_t offset = 0;
  if (!is_shared(to, bytes, offset)) return;
  Word* words = shared_words(offset, bytes);
  for (unsigned i = 0; i < bytes / 4; ++i) words[i].flags |= Word::kPending;
}

void Watch::land_copy(std::uintptr_t to, unsigned bytes, const void* place) {
  std::size_t offset = 0;
  if (!is_shared(to, bytes, offset)) return;
  Word* words = shared_words(offset, bytes);
  for (unsigned i = 0; i < bytes / 4; ++i) words[i].flags &= static_cast<std::uint8_t>(~Word::kPending);
  check_words(words, to, bytes, {.write = true}, access_at(place, 0), Space::shared);
}

void Watch::global_access(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
  GlobalShadow& shadow = global_shadow();
  const std::size_t offset = address - device_first_;
  if (!shadow.covers(offset)) report_missing(address, bytes, kind, place);
  Site& s = site(Space::global, kind.write, bytes, place);
  check_words(&shadow.word(offset), address, bytes, kind, access_at(place, time_at(s)), Space::global);
  note_cold(offset, kind.write);
  record(s, static_cast<std::uint32_t>(offset >> 2));
}

void Watch::check_words(Word* words, std::uintptr_t address, unsigned bytes, AccessKind kind, const Access& now,
                        Space space) {
  const unsigned n = bytes > 4 ? bytes / 4 : 1;
  const auto touched = static_cast<std::uint8_t>(bytes >= 4 ? 15 : ((1u << bytes) - 1) << (address & 3));
  if (kind.atomic) settle_doubts(address);
  AccessKind how = kind;
  how.is_volatile = kind.is_volatile && space == Space::global;  // in shared memory it is an ordinary access
  for (unsigned i = 0; i < n; ++i) {
    Word& word = words[i];
    if (!kind.write && word.read.at == now.at && (word.read_bytes & touched) == touched) continue;  // checked before
    if (word.flags & Word::kPending) report_pending(address + i * 4, kind, place_of(now));
    if ((word.exists & touched) != touched) report_missing(address + i * 4, bytes, kind, place_of(now));
    if ((!kind.write || kind.atomic) && (word.written & touched) != touched)
      report_unwritten(address + i * 4, space, place_of(now));
    Conflict conflict{.later = now, .kind = kind, .address = (address + i * 4) & ~std::uintptr_t{3}};
    conflict.hazard = find_hazard(word, now, touched, how, order_, conflict.earlier);
    if (conflict.hazard != Hazard::none) meet(word, conflict, touched);
    note_access(word, now, touched, how, order_);
    if (space == Space::global) continue;
    if (kind.write)
      harmless_[static_cast<std::size_t>(&word - shared_.data())] = 0;
    else
      note_harmless(word, now);
  }
  if (kind.atomic || how.is_volatile)
    order_.tell(address & ~std::uintptr_t{3}, now.at.thread, kind.atomic || !kind.write, kind.write);
}

Site& Watch::site(Space space, bool write, unsigned bytes, const void* place) {
  const std::uintptr_t key = key_of(space, write, place);
  std::size_t at = hash_of(key) & (table_.size() - 1);
  for (; table_[at].site; at = (at + 1) & (table_.size() - 1))
    if (table_[at].key == key) return *table_[at].site;
  sites_.push_back(std::make_unique<Site>());
  Site& made = *sites_.back();
  made.place = place;
  made.space = space;
  made.write = write;
  made.bytes = static_cast<std::uint8_t>(bytes);
  table_[at] = {key, &made};
  if (sites_.size() * 2 > table_.size()) {
    table_.assign(table_.size() * 2, {});
    for (const auto& known : sites_) {
      const std::uintptr_t other = key_of(known->space, known->write, known->place);
      std::size_t free = hash_of(other) & (table_.size() - 1);
      while (table_[free].site) free = (free + 1) & (table_.size() - 1);
      table_[free] = {other, known.get()};
    }
  }
  return made;
}

std::uint16_t Watch::time_at(Site& s) const {
  const unsigned before = s.run == now_.run ? s.times[now_.thread] : 0;
  return static_cast<std::uint16_t>(std::min(before + s.count[lane_] + 1u, 0xffffu));
}

void Watch::record(Site& s, std::uint32_t word) {
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
  const unsigned first = now_.thread / 32 * 32, threads = engine_.launch().threads();
  for (Site* s : touched_) {
    count(*s);
    if (s->run != now_.run) {
      s->run = now_.run;
      s->times.assign((threads + 31) / 32 * 32, 0);
    }
    for (unsigned l = 0; l < 32; ++l)
      s->times[first + l] = static_cast<std::uint16_t>(std::min(s->times[first + l] + s->count[l], 0xffff));
    std::fill(std::begin(s->count), std::end(s->count), std::uint16_t{0});
    s->rows_used = 0;
    s->touched = false;
  }
  touched_.clear();
}

}  // namespace workbook::cuda
