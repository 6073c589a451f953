#include "common/worker/stack.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace workbook {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSize = std::size_t{8} << 20;   // the usual `ulimit -s`
constexpr std::size_t kGuard = std::size_t{1} << 30;  // wider than any array that a frame could skip over it with

// Straight to the kernel: this memory is the worker's, and the meter counts what goes through mmap().
void* reserve(std::size_t bytes, int protection) {
  return reinterpret_cast<void*>(
      syscall(SYS_mmap, nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

}  // namespace

MeasuredStack::MeasuredStack() {
  void* mapped = reserve(kGuard + kSize, PROT_NONE);
  if (mapped == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "reserving a stack");
  guard_ = static_cast<std::byte*>(mapped);
  if (mprotect(guard_ + kGuard, kSize, PROT_READ | PROT_WRITE) != 0)
    throw std::system_error(errno, std::generic_category(), "opening a stack");
  madvise(guard_ + kGuard, kSize, MADV_NOHUGEPAGE);
}

MeasuredStack::~MeasuredStack() { syscall(SYS_munmap, guard_, kGuard + kSize); }

bool MeasuredStack::overflowed_at(const void* address) const {
  const auto* at = static_cast<const std::byte*>(address);
  return at >= guard_ && at < guard_ + kGuard;
}

void MeasuredStack::enter(unsigned low, unsigned high) {
  auto* self = reinterpret_cast<MeasuredStack*>((std::uintptr_t{high} << 32) | low);
  self->body_(self->context_);
}

std::uint64_t MeasuredStack::run(void (*body)(void*), void* context) {
  madvise(guard_ + kGuard, kSize, MADV_DONTNEED);
  body_ = body;
  context_ = context;
  getcontext(&inside_);
  inside_.uc_stack.ss_sp = guard_ + kGuard;
  inside_.uc_stack.ss_size = kSize;
  inside_.uc_link = &outside_;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&inside_, reinterpret_cast<void (*)()>(&MeasuredStack::enter), 2, static_cast<unsigned>(self),
              static_cast<unsigned>(self >> 32));
  swapcontext(&outside_, &inside_);
  return used();
}

std::uint64_t MeasuredStack::used() const {
  const std::byte* low = guard_ + kGuard;
  unsigned char resident[kSize / kPage];
  if (mincore(const_cast<std::byte*>(low), kSize, resident) != 0) return 0;
  for (std::size_t page = 0; page < kSize / kPage; ++page) {
    if (!(resident[page] & 1)) continue;
    const auto* words = reinterpret_cast<const std::uint64_t*>(low + page * kPage);
    std::size_t word = 0;
    while (word < kPage / sizeof *words && words[word] == 0) ++word;
    return kSize - page * kPage - word * sizeof *words;
  }
  return 0;
}

}  // namespace workbook
