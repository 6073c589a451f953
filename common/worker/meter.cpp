/// The counting allocator. No locks and no allocations of its own: three atomics.
///
/// glibc's allocator maps its own memory through internal calls, so a large malloc is counted once, here. Memory
/// taken by a raw system call is not seen; a hard limit of the process backs the gates that are worth points.

#include "common/worker/meter.h"

#include <errno.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <limits>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace workbook::meter {
namespace {

std::atomic<std::int64_t> live{0};
std::atomic<std::int64_t> peak{0};
std::atomic<std::uint64_t> count{0};
std::atomic<std::int64_t> limit{std::numeric_limits<std::int64_t>::max()};
std::atomic<void (*)(std::uint64_t)> refuse{nullptr};

void add(std::size_t bytes) {
  const std::int64_t now =
      live.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed) + static_cast<std::int64_t>(bytes);
  std::int64_t seen = peak.load(std::memory_order_relaxed);
  while (now > seen && !peak.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
  }
}

void subtract(std::size_t bytes) { live.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_relaxed); }

/// Called before memory is asked for, so that a request that cannot be met is named with its size.
void admit(std::size_t bytes) {
  const std::int64_t allowed = limit.load(std::memory_order_relaxed);
  if (bytes > static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max()) ||
      live.load(std::memory_order_relaxed) > allowed - static_cast<std::int64_t>(bytes))
    if (const auto stop = refuse.load(std::memory_order_relaxed)) stop(bytes);
}

void* counted(void* block) {
  if (block) {
    count.fetch_add(1, std::memory_order_relaxed);
    add(malloc_usable_size(block));
  }
  return block;
}

std::size_t whole_pages(std::size_t bytes) { return (bytes + 4095) & ~std::size_t{4095}; }

}  // namespace

bool is_on() { return true; }
std::int64_t live_bytes() { return live.load(std::memory_order_relaxed); }
std::int64_t peak_bytes() { return peak.load(std::memory_order_relaxed); }
std::uint64_t allocations() { return count.load(std::memory_order_relaxed); }
void reset_peak() { peak.store(live.load(std::memory_order_relaxed), std::memory_order_relaxed); }

void set_limit(std::int64_t bytes, void (*on_refusal)(std::uint64_t)) {
  refuse.store(on_refusal, std::memory_order_relaxed);
  limit.store(bytes, std::memory_order_relaxed);
}

}  // namespace workbook::meter

using namespace workbook::meter;

extern "C" {

void* malloc(std::size_t size) {
  admit(size);
  return counted(__libc_malloc(size));
}

void* calloc(std::size_t n, std::size_t size) {
  std::size_t bytes = 0;
  admit(__builtin_mul_overflow(n, size, &bytes) ? SIZE_MAX : bytes);
  return counted(__libc_calloc(n, size));
}

void* realloc(void* block, std::size_t size) {
  const std::size_t before = block ? malloc_usable_size(block) : 0;
  if (size > before) admit(size - before);
  void* moved = __libc_realloc(block, size);
  if (moved || size == 0) {
    subtract(before);
    counted(moved);
  }
  return moved;
}

void free(void* block) {
  if (block) subtract(malloc_usable_size(block));
  __libc_free(block);
}

void* memalign(std::size_t alignment, std::size_t size) {
  admit(size);
  return counted(__libc_memalign(alignment, size));
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1))) return EINVAL;
  void* made = memalign(alignment, size);
  if (!made) return ENOMEM;
  *block = made;
  return 0;
}

void* valloc(std::size_t size) { return memalign(4096, size); }
void* pvalloc(std::size_t size) { return memalign(4096, whole_pages(size)); }

void* mmap(void* address, std::size_t length, int protection, int flags, int fd, off_t offset) noexcept {
  admit(length);
  void* mapped = reinterpret_cast<void*>(syscall(SYS_mmap, address, length, protection, flags, fd, offset));
  if (mapped != MAP_FAILED) {
    count.fetch_add(1, std::memory_order_relaxed);
    add(whole_pages(length));
  }
  return mapped;
}

void* mmap64(void* address, std::size_t length, int protection, int flags, int fd, off_t offset) noexcept {
  return mmap(address, length, protection, flags, fd, offset);
}

int munmap(void* address, std::size_t length) noexcept {
  const int failed = static_cast<int>(syscall(SYS_munmap, address, length));
  if (!failed) subtract(whole_pages(length));
  return failed;
}

void* mremap(void* address, std::size_t before, std::size_t after, int flags, ...) noexcept {
  va_list rest;
  va_start(rest, flags);
  void* target = flags & MREMAP_FIXED ? va_arg(rest, void*) : nullptr;
  va_end(rest);
  if (after > before) admit(after - before);
  void* moved = reinterpret_cast<void*>(syscall(SYS_mremap, address, before, after, flags, target));
  if (moved != MAP_FAILED) {
    subtract(whole_pages(before));
    add(whole_pages(after));
  }
  return moved;
}

}  // extern "C"
