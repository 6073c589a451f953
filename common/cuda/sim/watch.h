#pragma once
/// Follows the accesses of one block (instrumented flavour): checks each against the shadow and counts it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/cuda/evidence.h"
#include "common/cuda/sim/plugin_image.h"
#include "common/cuda/sim/shadow.h"

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
};

class Watch {
 public:
  explicit Watch(Engine& engine);

  /// One access of the running thread.
  void access(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);

  /// An asynchronous copy into shared memory: from here on nobody may touch its words, until it lands.
  void begin_copy(std::uintptr_t to, unsigned bytes, const void* place);
  void land_copy(std::uintptr_t to, unsigned bytes, const void* place);

  void begin_launch(std::size_t dynamic_bytes, const void* arguments, std::size_t argument_bytes);
  /// Shared memory does not outlive its blocks: the host learns nothing from it. Thread-local variables that are the
  /// host's get back what they held.
  void end_launch();
  void begin_block() { unwritten_place_ = nullptr; }
  void begin_thread(const Stamp& stamp, unsigned lane, std::uintptr_t stack);
  /// At a barrier, and at the end of a block: false if shared memory was read that nobody wrote.
  bool check_unwritten();
  /// The lanes of a warp have had their turns: counts what they did.
  void end_turns();

 private:
  static constexpr unsigned kLongestTurn = 64;  ///< occurrences of one instruction before the next lane's turn

  bool is_earlier(const Stamp& s) const { return s.block != now_.block || s.launch != now_.launch; }
  /// Words of shared memory, and their place in it; null if it is none.
  Word* shared_words(std::uintptr_t address, unsigned bytes, std::size_t& offset);
  void global_access(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);
  void record(Space space, std::uint32_t word, unsigned bytes, bool write, const void* place);
  Site& site(Space space, bool write, unsigned bytes, const void* place);
  void count(const Site& site);
  void note_cold(std::size_t offset, bool write);
  void check_words(Word* words, std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place,
                   Space space);
  [[noreturn]] void report_pending(std::uintptr_t address, AccessKind kind, const void* place);
  [[noreturn]] void report_hazard(Hazard hazard, const Stamp& other, std::uintptr_t address, AccessKind kind,
                                  const void* place);
  std::string name_of(std::uintptr_t address) const;
  [[noreturn]] void report_misaligned(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);
  [[noreturn]] void report_missing(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);
  void report_unwritten(std::uintptr_t address, Space space, const void* place);
  void elsewhere(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place);

  Engine& engine_;
  PluginImage image_;
  Stamp now_;
  unsigned lane_ = 0;
  std::uintptr_t stack_ = 0;
  std::uintptr_t device_first_ = 0, static_shared_ = 0, dynamic_shared_ = 0, arguments_ = 0;
  std::size_t static_bytes_ = 0, dynamic_bytes_ = 0, argument_bytes_ = 0;
  std::string unwritten_;  ///< what to tell if nobody writes it before the next barrier
  const void* unwritten_place_ = nullptr;
  std::vector<std::byte> before_;  ///< static shared memory before the launch, with what else is thread-local
  std::vector<Word> shared_;       ///< words of static, then of dynamic shared memory
  std::vector<std::unique_ptr<Site>> sites_;
  std::vector<Site*> touched_;
  std::vector<Site*> table_;  ///< by instruction, open addressing; its size is a power of two
};

}  // namespace workbook::cuda
