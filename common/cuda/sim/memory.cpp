#include "common/cuda/sim/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "common/cuda/sim/shadow.h"

namespace workbook::cuda {

constinit Reserved reserved;

// Straight to the kernel: device memory is no workspace on the host, and the worker's meter counts mmap().
void* reserve(std::size_t bytes) {
  void* first = reinterpret_cast<void*>(
      syscall(SYS_mmap, nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (first == MAP_FAILED) throw std::bad_alloc();
  const auto begin = reinterpret_cast<std::uintptr_t>(first), end = begin + bytes;
  for (std::uintptr_t known = reserved.first; begin < known && !reserved.first.compare_exchange_weak(known, begin);) {
  }
  for (std::uintptr_t known = reserved.last; end > known && !reserved.last.compare_exchange_weak(known, end);) {
  }
  return first;
}

namespace {
bool protect(void* first, std::size_t bytes, int protection) {
  return mprotect(first, whole_pages(bytes), protection) == 0;
}
}  // namespace

bool commit(void* first, std::size_t bytes) { return protect(first, bytes, PROT_READ | PROT_WRITE); }

void decommit(void* first, std::size_t bytes) {
  protect(first, bytes, PROT_NONE);
  madvise(first, whole_pages(bytes), MADV_DONTNEED);
}

DeviceMemory::DeviceMemory() : first_(reinterpret_cast<std::uintptr_t>(reserve(kBytes))), next_(first_ + kPage) {}

void* DeviceMemory::allocate(std::size_t bytes, const void* place) {
  const std::size_t pages = whole_pages(bytes) + kPage;
  if (bytes > kBytes || next_ + pages > first_ + kBytes) return nullptr;
  auto* made = reinterpret_cast<void*>(next_);
  if (!commit(made, bytes)) return nullptr;
  if (!global_shadow().cover(next_, bytes)) {
    decommit(made, bytes);
    return nullptr;
  }
  // Like a GPU's, fresh memory holds something; as floats these are NaN.
  constexpr std::size_t kFilled = std::size_t{64} << 20;
  std::memset(made, 0xff, bytes < kFilled ? bytes : kFilled);
  if (opened_ == 0) protect(made, bytes, PROT_NONE);
  all_[next_] = {.first = next_, .bytes = bytes, .place = place};
  next_ += pages;
  live_ += bytes;
  if (live_ > peak_) peak_ = live_;
  ++count_;
  return made;
}

// A GPU's memory is in no process's reach; here it takes the kernel's page tables to say so. If a process that is at
// its limit cannot have its pages back, the next access to them ends it.
void DeviceMemory::open() {
  if (opened_++ > 0) return;
  for (const auto& [first, allocation] : all_)
    if (!allocation.freed) protect(reinterpret_cast<void*>(first), allocation.bytes, PROT_READ | PROT_WRITE);
}

void DeviceMemory::close() {
  if (--opened_ > 0) return;
  for (const auto& [first, allocation] : all_)
    if (!allocation.freed) protect(reinterpret_cast<void*>(first), allocation.bytes, PROT_NONE);
}

std::string Allocation::shape_text() const { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::string Allocation::element_text(std::uintptr_t address) const {
  std::vector<std::int64_t> index(shape.size());
  auto left = static_cast<std::int64_t>((address - first) / element_bytes);
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = axis > 0 ? left % shape[axis] : left;
    left /= shape[axis];
  }
  return fmt::format("[{}]", fmt::join(index, ", "));
}

Allocation* DeviceMemory::find(std::uintptr_t address) {
  auto after = all_.upper_bound(address);
  return after == all_.begin() ? nullptr : &std::prev(after)->second;
}

void DeviceMemory::give_back(Allocation& allocation, const void* place) {
  allocation.given_back = true;
  allocation.freed_at = place;
  live_ -= allocation.bytes;
}

void DeviceMemory::free(Allocation& allocation) {
  allocation.freed = true;
  decommit(reinterpret_cast<void*>(allocation.first), allocation.bytes);
  global_shadow().uncover(allocation.first, allocation.bytes);
}

DeviceMemory& device_memory() {
  static auto* memory = new DeviceMemory;  // never destroyed: it outlives the plugin's last statics
  return *memory;
}

}  // namespace workbook::cuda
