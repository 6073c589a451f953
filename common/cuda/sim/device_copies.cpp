/// cp.async: a copy that lands at its wait, so that a missing wait shows.

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/memory.h"

namespace workbook::cuda {

void Engine::begin_copy(const DeviceCopy& copy) {
  if (device_memory().contains(reinterpret_cast<std::uintptr_t>(copy.to)))
    fault(CudaFaultKind::crashed,
          fmt::format("{{0}}: {} copies asynchronously to global memory; cp_async goes from global to shared.", who()),
          {copy.place});
  if (copy.source_bytes > copy.bytes)
    fault(CudaFaultKind::wrong,
          fmt::format("{{0}}: {} lets cp_async take {} bytes of the source for {} in shared memory.", who(),
                      copy.source_bytes, copy.bytes),
          {copy.place});
  if (global_shadow().enabled()) {
    if (copy.source_bytes == copy.bytes)
      watch_.access(reinterpret_cast<std::uintptr_t>(copy.from), copy.bytes, {.write = false}, copy.place);
    else
      for (unsigned at = 0; at < copy.source_bytes; ++at)
        watch_.access(reinterpret_cast<std::uintptr_t>(copy.from) + at, 1, {.write = false}, copy.place);
    watch_.begin_copy(reinterpret_cast<std::uintptr_t>(copy.to), copy.bytes, copy.place);
  }
  counts_.operations.async_bytes += copy.source_bytes;
  running_->copies.push_back(copy);
}

void Engine::await_copies(int groups) {
  std::vector<DeviceCopy>& copies = running_->copies;
  running_->groups_left = groups;
  const auto first_left = std::find_if(copies.begin(), copies.end(), [&](const DeviceCopy& copy) {
    return groups >= 0 && copy.group + static_cast<unsigned>(groups) >= running_->copy_group;
  });
  for (auto copy = copies.begin(); copy != first_left; ++copy) {
    if (global_shadow().enabled())
      watch_.land_copy(reinterpret_cast<std::uintptr_t>(copy->to), copy->bytes, copy->place);
    std::memcpy(copy->to, copy->from, copy->source_bytes);
    std::memset(copy->to + copy->source_bytes, 0, copy->bytes - copy->source_bytes);
  }
  copies.erase(copies.begin(), first_left);
}

const DeviceCopy* Engine::copy_to(std::uintptr_t address, const Thread*& by) const {
  for (unsigned t = 0; t < count_; ++t)
    for (const DeviceCopy& copy : threads_[t].copies)
      if (address - reinterpret_cast<std::uintptr_t>(copy.to) < copy.bytes) {
        by = &threads_[t];
        return &copy;
      }
  return nullptr;
}

void Engine::check_launch_bounds(int most_threads, const void* place) {
  if (running_->number > 0 || count_ <= static_cast<unsigned>(most_threads)) return;
  fault(CudaFaultKind::wrong,
        fmt::format("{{0}}: kernel {} is launched with {} threads for each block; its __launch_bounds__ promises at "
                    "most {}.",
                    launch_->kernel, count_, most_threads),
        {place});
}

}  // namespace workbook::cuda
