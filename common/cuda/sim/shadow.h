#pragma once
/// What is known of every 4-byte word: which bytes exist and were written, who wrote it last and who read it.

#include <cstddef>
#include <cstdint>

namespace workbook::cuda {

/// Who accesses, and when. Two accesses are ordered if the block or the warp has synchronised between them.
struct Stamp {
  std::uint32_t launch = 0, block = 0;  ///< launch 0: never
  std::uint32_t epoch = 0;              ///< barriers of the block so far
  std::uint16_t warp_epoch = 0;         ///< __syncwarp of the warp so far
  std::uint16_t thread = 0;

  bool operator==(const Stamp&) const = default;
};

struct Word {
  Stamp write, read;
  std::uint8_t write_bytes = 0, read_bytes = 0;
  std::uint8_t exists = 0, written = 0;  ///< one bit for each byte
  std::uint8_t from_host = 0;            ///< last written by the implementation's host code, not by a kernel
  std::uint8_t flags = 0;
  static constexpr std::uint8_t kAtomicWrite = 1, kAtomicRead = 2;
  static constexpr std::uint8_t kManyBlocks = 4, kManyWarps = 8, kManyLanes = 16;  ///< readers besides `read`
  static constexpr std::uint8_t kPending = 32;  ///< an asynchronous copy is under way
};

enum class Hazard { none, read_after_write, write_after_read, write_after_write };

struct AccessKind {
  bool write = false, atomic = false;
  bool fenced = false;  ///< the block has passed a __threadfence: it may read what other blocks have published
};

/// Takes note of an access to `bytes` (a bit for each) of a word; tells what it conflicts with. `other` is the earlier
/// access.
Hazard note_access(Word& word, const Stamp& now, std::uint8_t bytes, AccessKind kind, Stamp& other);

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
