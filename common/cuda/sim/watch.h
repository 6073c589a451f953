#pragma once
/// Follows the accesses of one block (instrumented flavour): checks each against the shadow and counts it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/cuda/evidence.h"
#include "common/cuda/sim/plugin_image.h"
#include "common/cuda/sim/shadow.h"
#include "common/cuda/sim/shared_memory.h"

namespace workbook::cuda {

class Engine;

enum class Space : std::uint8_t { global, shared };

/// The accesses of one instruction by the lanes of a warp, paired by occurrence: the third time that each lane comes
/// here is one request of the warp.
struct Site {
  struct Row {
    std::uint32_t lanes;
    std::uint32_t word[32];  ///< address / 4, of each lane
  };
  const void* place = nullptr;
  Space space{};
  bool write = false;
  std::uint8_t bytes = 0;
  bool touched = false;
  std::uint16_t count[32] = {};
  std::uint32_t rows_used = 0;
  std::vector<Row> rows;
  std::uint32_t run = 0;             ///< the block that `times` are of
  std::vector<std::uint16_t> times;  ///< how often each thread has come here before this turn
};

/// Two accesses to one word that nothing orders.
struct Conflict {
  Hazard hazard = Hazard::none;
  Access earlier, later;
  AccessKind kind;  ///< of the later one
  bool was_volatile = false;
  std::uintptr_t address = 0;  ///< of the word
};

class Watch {
 public:
  explicit Watch(Engine& engine);

  /// One read more of shared memory that makes no difference but to the counts: most accesses of most kernels. False
  /// if it may be anything else, which access() then finds out.
  template <unsigned kBytes>
  bool read_again(std::uintptr_t address, const void* place) {
    std::size_t offset = 0;
    if (!is_shared(address, kBytes, offset) || (address & (kBytes - 1))) return false;
    const std::uint32_t to_all = order_.period() * 64, to_lanes = to_all + 1 + now_.thread / 32;
    const std::uint32_t* known = &harmless_[offset >> 2];
    for (unsigned i = 0; i < (kBytes + 3) / 4; ++i)
      if (known[i] != to_all && known[i] != to_lanes) return false;
    const std::uintptr_t key = key_of(Space::shared, false, place);
    const Entry& entry = table_[hash_of(key) & (table_.size() - 1)];
    if (entry.key != key) return false;
    Site& s = *entry.site;
    const unsigned row = s.count[lane_];
    if (row >= s.rows_used || row + 1 >= kLongestTurn) return false;
    s.count[lane_] = static_cast<std::uint16_t>(row + 1);
    Site::Row& there = s.rows[row];
    there.lanes |= 1u << lane_;
    there.word[lane_] = static_cast<std::uint32_t>(offset >> 2);
    return true;
  }

  /// One access of the running thread.
  void access(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);

  /// An asynchronous copy into shared memory: from here on nobody may touch its words, until it lands.
  void begin_copy(std::uintptr_t to, unsigned bytes, const void* place);
  void land_copy(std::uintptr_t to, unsigned bytes, const void* place);

  void begin_launch(std::size_t dynamic_bytes, const void* arguments, std::size_t argument_bytes);
  /// Shared memory does not outlive its blocks: the host learns nothing from it. Thread-local variables that are the
  /// host's get back what they held.
  void end_launch();
  void begin_block();
  void begin_turn(unsigned thread, std::uintptr_t stack);
  void end_turn() { settle_stores(); }
  /// The running thread is at a barrier, or at its end: time to tell what was put off.
  void before_meeting();
  /// At a barrier, and at the end of a block: false if shared memory was read that nobody wrote.
  bool check_unwritten();
  /// A race that was put off, and that another fault would hide.
  void tell_race();
  /// The lanes of a warp have had their turns: counts what they did.
  void end_turns();

  Order& order() { return order_; }
  /// Whether this is in the plugin.
  bool is_code(std::uintptr_t address) const { return address >= image_.first && address < image_.last; }

 private:
  static constexpr unsigned kLongestTurn = 64;  ///< occurrences of one instruction before the next lane's turn

  struct Entry {
    std::uintptr_t key = 0;
    Site* site = nullptr;
  };

  /// A store that may give a word the value that another lane has given it by the same instruction.
  struct SameStore {
    Conflict conflict;
    std::uint8_t bytes = 0;  ///< a bit for each
    std::uint32_t before = 0;
  };

  /// Gives its distance from the start of static shared memory; dynamic memory follows that.
  bool is_shared(std::uintptr_t address, unsigned bytes, std::size_t& offset) const {
    offset = address - static_shared_;
    if (offset < static_bytes_) return true;
    const std::size_t dynamic = address - dynamic_shared_;
    offset = static_bytes_ + dynamic;
    return dynamic < dynamic_bytes_ && dynamic + bytes <= dynamic_bytes_;
  }
  Word* shared_words(std::size_t offset, unsigned bytes);
  void note_harmless(const Word& word, const Access& now);
  void global_access(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);
  void record(Site& s, std::uint32_t word);

  static std::uintptr_t key_of(Space space, bool write, const void* place) {
    return reinterpret_cast<std::uintptr_t>(place) * 4 + static_cast<unsigned>(space) * 2 + write;
  }
  static std::size_t hash_of(std::uintptr_t key) { return key >> 2 ^ key >> 13; }
  Site& site(Space space, bool write, unsigned bytes, const void* place);
  std::uint16_t time_at(Site& site) const;
  Access access_at(const void* place, std::uint16_t time) const;
  const void* place_of(const Access& access) const;
  void count(const Site& site);
  void note_cold(std::size_t offset, bool write);
  void check_words(Word* words, std::uintptr_t address, unsigned bytes, AccessKind kind, const Access& now,
                   Space space);
  void meet(const Word& word, const Conflict& conflict, std::uint8_t bytes);
  void tell_others(std::uintptr_t address, AccessKind kind);
  void settle_stores();
  void settle_doubts(std::uintptr_t address);
  void check_limit(const SharedVariable& last);

  [[noreturn]] void report_pending(std::uintptr_t address, AccessKind kind, const void* place);
  /// `passed_by`: the barrier where the earlier thread waits, if the later one does not come there.
  [[noreturn]] void report_race(const Conflict& conflict, const void* passed_by);
  std::string race_text(const Conflict& conflict, const void* passed_by) const;
  std::string remedy(const Conflict& conflict) const;
  [[noreturn]] void report_same_store(const Conflict& conflict);
  std::string name_of(std::uintptr_t address) const;
  [[noreturn]] void report_misaligned(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);
  [[noreturn]] void report_missing(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);
  [[noreturn]] void report_past_shared(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);
  std::string launch_text() const;
  std::string leftover_text(const struct Allocation& allocation, std::size_t at, unsigned bytes) const;
  void report_unwritten(std::uintptr_t address, Space space, const void* place);
  void elsewhere(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);

  Engine& engine_;
  PluginImage image_;
  Order order_;
  Stamp now_;
  unsigned lane_ = 0;
  std::uintptr_t stack_ = 0;
  std::uintptr_t device_first_ = 0, static_shared_ = 0, dynamic_shared_ = 0, arguments_ = 0;
  std::size_t static_bytes_ = 0, dynamic_bytes_ = 0, argument_bytes_ = 0;
  StaticShared variables_;
  std::string unwritten_;  ///< what to tell if nobody writes it before the next barrier
  const void* unwritten_place_ = nullptr;
  std::vector<SameStore> stores_;
  std::vector<Conflict> doubts_;   ///< plain reads of what others update by atomics: right if an atomic follows
  std::optional<Conflict> race_;   ///< with a thread that waits at a barrier: does the running one come there?
  std::vector<std::byte> before_;  ///< static shared memory before the launch, with what else is thread-local
  std::vector<Word> shared_;       ///< words of static, then of dynamic shared memory
  /// For each of them, when and to whom one read more makes no difference: a write in the same period races with
  /// those that are noted already. 64 times the period, and 1 + the warp if this is only known of its lanes.
  std::vector<std::uint32_t> harmless_;
  std::vector<std::unique_ptr<Site>> sites_;
  std::vector<Site*> touched_;
  std::vector<Entry> table_;  ///< by instruction, open addressing; its size is a power of two
};

}  // namespace workbook::cuda
