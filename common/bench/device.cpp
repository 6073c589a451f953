#include "common/bench/device.h"

#include "common/cuda/check.h"

namespace workbook::bench {

namespace {

struct Event {
  Event() { check(cudaEventCreate(&event)); }
  ~Event() { cudaEventDestroy(event); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t event = nullptr;
};

constexpr std::size_t kCaches = std::size_t{256} << 20;  // more than any GPU's L2 cache

}  // namespace

float* Device::scratch(int slot, std::int64_t floats) {
  auto found = scratch_.find(slot);
  if (found != scratch_.end() && found->second.floats < floats) {
    check(cudaStreamSynchronize(stream()));  // what is there may be in use
    scratch_.erase(found);
    found = scratch_.end();
  }
  if (found == scratch_.end())
    found =
        scratch_.emplace(slot, Scratch{floats, DeviceBuffer(static_cast<std::size_t>(floats) * sizeof(float))}).first;
  return static_cast<float*>(found->second.memory.data());
}

void* Device::upload(int slot, std::span<const std::byte> bytes) {
  void* const to = scratch(slot, static_cast<std::int64_t>((bytes.size() + sizeof(float) - 1) / sizeof(float)));
  check(cudaMemcpyAsync(to, bytes.data(), bytes.size(), cudaMemcpyHostToDevice, stream()));
  check(cudaStreamSynchronize(stream()));
  return to;
}

int Device::multiprocessors() const {
  int device = 0, count = 0;
  check(cudaGetDevice(&device));
  check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device));
  return count;
}

double Device::seconds(const std::function<void()>& run) {
  const DeviceBuffer caches(kCaches);
  check(cudaMemsetAsync(caches.data(), 0, kCaches, stream()));
  const Event before, after;
  check(cudaEventRecord(before.event, stream()));
  run();
  check(cudaEventRecord(after.event, stream()));
  check(cudaEventSynchronize(after.event));
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, before.event, after.event));
  return 1e-3 * milliseconds;
}

}  // namespace workbook::bench
