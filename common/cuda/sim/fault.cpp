#include "common/cuda/sim/fault.h"

#include <dlfcn.h>

#include <mutex>
#include <utility>

namespace workbook::cuda {
namespace {

constexpr std::size_t kMost = 8;  // the first one counts; what follows is often its echo
std::mutex mutex;
std::vector<CudaFault> faults;

/// A return address belongs to the instruction before it.
std::uint64_t offset_of(const void* place) {
  Dl_info info;
  if (!place || !dladdr(place, &info)) return 0;
  return static_cast<std::uint64_t>(static_cast<const char*>(place) - static_cast<const char*>(info.dli_fbase)) - 1;
}

}  // namespace

void report(CudaFaultKind kind, std::string text, std::initializer_list<const void*> places, bool is_leak) {
  CudaFault fault{kind, std::move(text), {}, is_leak};
  for (const void* place : places) fault.places.push_back(offset_of(place));
  const std::lock_guard lock(mutex);
  if (faults.size() < kMost) faults.push_back(std::move(fault));
}

void report_unless_same(std::string text, std::span<const void* const> calls, std::span<const void* const> others) {
  CudaFault fault{CudaFaultKind::wrong, std::move(text), {offset_of(calls[0]), offset_of(others[0])}, false};
  for (const void* place : calls) fault.calls.push_back(offset_of(place));
  for (const void* place : others) fault.other_calls.push_back(offset_of(place));
  const std::lock_guard lock(mutex);
  if (faults.size() < kMost) faults.push_back(std::move(fault));
}

std::vector<CudaFault> take_faults() {
  const std::lock_guard lock(mutex);
  return std::exchange(faults, {});
}

}  // namespace workbook::cuda
