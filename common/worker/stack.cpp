#include "common/worker/stack.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace workbook {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSize = std::size_t{8} << 20;       // the usual `ulimit -s`
constexpr std::size_t kGuard = std::size_t{1} << 30;      // wider than any array that a frame could skip over it with
constexpr std::uintptr_t kTop = std::uintptr_t{1} << 36;  // far from everything that the kernel places by itself

}  // namespace

MeasuredStack::MeasuredStack() {
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  limit.rlim_cur = std::min<rlim_t>(kSize, limit.rlim_max);
  setrlimit(RLIMIT_STACK, &limit);
  // Straight to the kernel: this memory is the worker's, and the meter counts what goes through mmap().
  constexpr int kGrowing = MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE;
  void* mapped =
      reinterpret_cast<void*>(syscall(SYS_mmap, kTop - kPage, kPage, PROT_READ | PROT_WRITE, kGrowing, -1, 0));
  if (mapped == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "making a stack");
  madvise(mapped, kPage, MADV_NOHUGEPAGE);
  low_ = static_cast<std::byte*>(mapped) + kPage - kSize;
}

MeasuredStack::~MeasuredStack() { syscall(SYS_munmap, low_, kSize); }

bool MeasuredStack::overflowed_at(const void* address) const {
  const auto* at = static_cast<const std::byte*>(address);
  return at >= low_ - kGuard && at < low_;
}

void MeasuredStack::enter(unsigned low, unsigned high) {
  auto* self = reinterpret_cast<MeasuredStack*>((std::uintptr_t{high} << 32) | low);
  self->body_(self->context_);
}

std::uint64_t MeasuredStack::run(void (*body)(void*), void* context) {
  madvise(low_, kSize, MADV_DONTNEED);  // as far as it has grown
  body_ = body;
  context_ = context;
  getcontext(&inside_);
  inside_.uc_stack.ss_sp = low_;
  inside_.uc_stack.ss_size = kSize;
  inside_.uc_link = &outside_;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&inside_, reinterpret_cast<void (*)()>(&MeasuredStack::enter), 2, static_cast<unsigned>(self),
              static_cast<unsigned>(self >> 32));
  swapcontext(&outside_, &inside_);
  return used();
}

std::uint64_t MeasuredStack::used() const {
  unsigned char resident = 0;
  std::size_t deepest = 0;
  for (std::size_t depth = kPage; depth <= kSize; depth += kPage) {
    if (mincore(low_ + kSize - depth, kPage, &resident) != 0) break;  // it has not grown that far
    if (resident & 1) deepest = depth;
  }
  if (deepest == 0) return 0;
  // Zeros at the end of the deepest page were likely never written. Of a page of zeros nobody can tell, so it counts:
  // it is resident, and a row that has been wiped looks like it.
  const auto* words = reinterpret_cast<const std::uint64_t*>(low_ + kSize - deepest);
  const auto* written =
      std::find_if(words, words + kPage / sizeof *words, [](std::uint64_t word) { return word != 0; });
  const auto unused = static_cast<std::size_t>(written - words) * sizeof *words;
  return unused < kPage ? deepest - unused : deepest;
}

}  // namespace workbook
