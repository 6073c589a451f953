#pragma once
/// What is known of every 4-byte word: which bytes exist and were written, who wrote it last and who read it since.

#include <cstddef>
#include <cstdint>

#include "common/cuda/sim/order.h"

namespace workbook::cuda {

/// One access, as it is remembered.
struct Access {
  Stamp at;
  std::uint32_t place = 0;  ///< its return address, as an offset in the plugin
  std::uint16_t time = 0;   ///< how often its thread has come there in this block: from 1, 0 if unknown
};

struct Word {
  Access write, read;
  Access other_read;  ///< if there are many readers: one that is not `read`, and not ordered with it
  std::uint8_t write_bytes = 0, read_bytes = 0;
  std::uint8_t exists = 0, written = 0;  ///< one bit for each byte
  std::uint8_t from_host = 0;            ///< last written by the implementation's host code, not by a kernel
  std::uint8_t flags = 0;
  static constexpr std::uint8_t kAtomicWrite = 1, kVolatileWrite = 2, kVolatileRead = 4;
  static constexpr std::uint8_t kManyBlocks = 8, kManyWarps = 16, kManyLanes = 32;  ///< readers besides `read`
  static constexpr std::uint8_t kPending = 64;  ///< an asynchronous copy is under way
};

enum class Hazard { none, read_after_write, write_after_read, write_after_write };

struct alignas(4) AccessKind {
  bool write = false;
  bool atomic = false;       ///< reads and writes
  bool is_volatile = false;  ///< in global memory: what other warps and blocks may wait for
};

/// What an access to `bytes` (a bit for each) of a word conflicts with. `other` is the earlier access.
Hazard find_hazard(const Word& word, const Access& now, std::uint8_t bytes, AccessKind kind, const Order& order,
                   Access& other);
/// Takes note of it.
void note_access(Word& word, const Access& now, std::uint8_t bytes, AccessKind kind, const Order& order);

/// Words of device memory, at the same distances as the memory itself.
class GlobalShadow {
 public:
  /// False if there is no memory for it.
  bool cover(std::uintptr_t first, std::size_t bytes);
  void uncover(std::uintptr_t first, std::size_t bytes);
  void set_written(std::uintptr_t first, std::size_t bytes, bool from_host);
  /// The same by a copy on the device, which is from the host where its source is.
  void set_copied(std::uintptr_t to, std::uintptr_t from, std::size_t bytes);
  /// Offset of the first byte that was not written; `bytes` if all were.
  std::size_t first_unwritten(std::uintptr_t first, std::size_t bytes) const;
  /// Offset of the first byte that no kernel but the host has written last; `bytes` if there is none.
  std::size_t first_from_host(std::uintptr_t first, std::size_t bytes) const;

  Word& word(std::size_t offset) { return words_[offset >> 2]; }
  /// Launch that touched this sector last: [0] by loads, [1] by stores.
  std::uint32_t& sector(std::size_t offset, bool store) { return sectors_[(offset >> 5) * 2 + store]; }
  bool covers(std::size_t offset) const { return pages_[offset >> 12]; }
  void enable();
  bool enabled() const { return words_ != nullptr; }

 private:
  template <class Predicate>
  std::size_t first_byte(std::uintptr_t first, std::size_t bytes, Predicate is_it) const;

  Word* words_ = nullptr;
  std::uint32_t* sectors_ = nullptr;
  bool* pages_ = nullptr;  ///< which pages of device memory hold an allocation
};

GlobalShadow& global_shadow();

}  // namespace workbook::cuda
