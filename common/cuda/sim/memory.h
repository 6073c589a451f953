#pragma once
/// Device memory: one reserved range of addresses. Every allocation has pages of its own with inaccessible pages
/// behind them; what is freed stays inaccessible for good. Host code cannot touch any of it, marked or not: the pages
/// are there while a kernel or a copy runs.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace workbook::cuda {

struct Allocation {
  std::uintptr_t first = 0;
  std::size_t bytes = 0;
  const void* place = nullptr;  ///< where it was asked for
  bool given_back = false;      ///< by the host; kernels that were launched before may still use it
  bool freed = false;
  const void* freed_at = nullptr;
  std::vector<std::int64_t> shape;  ///< of the argument that it holds; empty if it is the implementation's own
  std::size_t element_bytes = 1;

  std::string shape_text() const;                          ///< "[2, 4, 64]"
  std::string element_text(std::uintptr_t address) const;  ///< "[1, 0, 3]"
};

class DeviceMemory {
 public:
  DeviceMemory();

  /// Null when there is no more.
  void* allocate(std::size_t bytes, const void* place);

  bool contains(std::uintptr_t address) const { return address - first_ < kBytes; }
  std::uintptr_t first() const { return first_; }
  static constexpr std::size_t kBytes = std::size_t{4} << 30;  ///< addresses, none used twice

  /// The allocation at `address`, or the nearest below it; null if there is none.
  Allocation* find(std::uintptr_t address);

  /// What is allocated can be read and written from the first open() to the last close().
  void open();
  void close();

  /// It no longer counts as live.
  void give_back(Allocation& allocation, const void* place);
  /// It is gone. @pre it was given back
  void free(Allocation& allocation);

  std::size_t live_bytes() const { return live_; }
  std::size_t peak_bytes() const { return peak_; }
  void reset_peak() { peak_ = live_; }
  std::uint64_t allocations() const { return count_; }
  const std::map<std::uintptr_t, Allocation>& all() const { return all_; }

 private:
  std::uintptr_t first_ = 0, next_ = 0;
  std::size_t live_ = 0, peak_ = 0;
  std::uint64_t count_ = 0;
  int opened_ = 0;
  std::map<std::uintptr_t, Allocation> all_;
};

DeviceMemory& device_memory();

/// Device memory is open as long as this lives.
class DeviceAccess {
 public:
  DeviceAccess() { device_memory().open(); }
  ~DeviceAccess() { device_memory().close(); }
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

/// A range of addresses without memory. @throws std::bad_alloc
void* reserve(std::size_t bytes);

/// From the first to the last address of all those ranges. What is outside is neither a kernel's nor the device's.
struct Reserved {
  std::atomic<std::uintptr_t> first{~std::uintptr_t{0}}, last{0};

  bool holds(std::uintptr_t address) const {
    return address >= first.load(std::memory_order_relaxed) && address < last.load(std::memory_order_relaxed);
  }
};
extern Reserved reserved;

/// Makes part of it usable, zero; false if there is no memory.
bool commit(void* first, std::size_t bytes);
/// Gives the memory back, keeps the addresses.
void decommit(void* first, std::size_t bytes);

inline constexpr std::size_t kPage = 4096;
constexpr std::size_t whole_pages(std::size_t bytes) { return (bytes + kPage - 1) & ~(kPage - 1); }

}  // namespace workbook::cuda
