/// Counts what a plugin of the `count` flavour reads of its arguments, and touches of its objects.
///
/// Such a plugin is compiled with -fsanitize=thread but never linked to that sanitizer's runtime: the compiler calls
/// __tsan_read4(address) and its siblings before each access, and they are defined here. Products compiled once
/// (linalg.h) report through their read hook, and memcpy through the linker's --wrap.

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "common/cuda/atomic_marks.h"
#include "common/cuda/instruments.h"
#include "common/tensor/read_hook.h"

namespace {

struct Range {
  std::atomic<std::uintptr_t> first{0}, size{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<bool> writes_too{false};
};
std::array<Range, 16> ranges;
std::atomic<std::size_t> watched{0};

void count_in(bool is_write, const void* address, std::uint64_t bytes) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const std::size_t n = watched.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < n; ++i)
    if (at - ranges[i].first.load(std::memory_order_relaxed) < ranges[i].size.load(std::memory_order_relaxed) &&
        (!is_write || ranges[i].writes_too.load(std::memory_order_relaxed)))
      ranges[i].bytes.fetch_add(bytes, std::memory_order_relaxed);
}

void count(const void* address, std::uint64_t bytes) { count_in(false, address, bytes); }
void count_write(const void* address, std::uint64_t bytes) { count_in(true, address, bytes); }

void watch_reads(std::uint32_t index, std::span<const std::byte> elements, bool writes_too) {
  ranges[index].first = reinterpret_cast<std::uintptr_t>(elements.data());
  ranges[index].size = elements.size();
  ranges[index].writes_too = writes_too;
  ranges[index].bytes = 0;
  if (index >= watched) watched = index + 1;
  workbook::set_read_hook(count);
}

std::size_t take_reads(std::uint64_t* bytes, std::size_t room) {
  const std::size_t n = watched;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t taken = ranges[i].bytes.exchange(0);
    if (i < room) bytes[i] = taken;
  }
  return n < room ? n : room;
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED const workbook::Instruments workbook_instruments{.watch_reads = watch_reads, .take_reads = take_reads};

#define WORKBOOK_READ(size)                                                                 \
  EXPORTED void __tsan_read##size(void* address) { count(address, size); }                  \
  EXPORTED void __tsan_unaligned_read##size(void* address) { count(address, size); }        \
  EXPORTED void __tsan_volatile_read##size(void* address) { count(address, size); }         \
  EXPORTED void __tsan_write##size(void* address) { count_write(address, size); }           \
  EXPORTED void __tsan_unaligned_write##size(void* address) { count_write(address, size); } \
  EXPORTED void __tsan_volatile_write##size(void* address) { count_write(address, size); }

WORKBOOK_READ(1)
WORKBOOK_READ(2)
WORKBOOK_READ(4)
WORKBOOK_READ(8)
WORKBOOK_READ(16)

EXPORTED void __tsan_read_range(void* address, long size) { count(address, static_cast<std::uint64_t>(size)); }
EXPORTED void __tsan_write_range(void* address, long size) { count_write(address, static_cast<std::uint64_t>(size)); }
EXPORTED void __tsan_init() {}
EXPORTED void __tsan_func_entry(void*) {}
EXPORTED void __tsan_func_exit(void*) {}
EXPORTED void __tsan_vptr_update(void*, void*) {}
EXPORTED void __tsan_vptr_read(void*) {}

EXPORTED void* __wrap_memcpy(void* to, const void* from, std::size_t size) {
  count(from, size);
  count_write(to, size);
  return std::memcpy(to, from, size);
}
EXPORTED void* __wrap_memmove(void* to, const void* from, std::size_t size) {
  count(from, size);
  count_write(to, size);
  return std::memmove(to, from, size);
}
