/// Errors, device properties, streams and events.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "common/cuda/sim/api_state.h"
#include "common/cuda/sim/async_copies.h"
#include "common/cuda/sim/launch.h"
#include "common/cuda/sim/shadow.h"
#include "common/cuda/sim/symbols.h"

namespace workbook::cuda {

ApiState& api_state() {
  static auto* state = new ApiState;
  return *state;
}

void ApiState::note_launch(const CudaLaunch& launch) {
  constexpr std::size_t kMost = 100'000;
  if (evidence.launches.size() < kMost) evidence.launches.push_back(launch);
}

void ApiState::wrote(const void* first, std::size_t bytes, bool from_host, const void* place) {
  global_shadow().set_written(reinterpret_cast<std::uintptr_t>(first), bytes, from_host);
  if (from_host) host_wrote_at = place;
}

std::size_t dynamic_shared_limit(const void* kernel) {
  const auto& limits = api_state().dynamic_limits;
  if (!kernel) {  // a deduced template: whichever was set
    std::size_t most = kSharedPerBlock;
    for (const auto& [address, bytes] : limits) most = std::max(most, bytes);
    return most;
  }
  const auto set = limits.find(kernel);
  return set == limits.end() ? kSharedPerBlock : std::max(set->second, kSharedPerBlock);
}

}  // namespace workbook::cuda

using namespace workbook::cuda;

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED cudaError_t cudaGetLastError() {
  const cudaError_t error = cudaPeekAtLastError();
  api_state().last = cudaSuccess;
  return error;
}
EXPORTED cudaError_t cudaPeekAtLastError() {
  return api_state().sticky != cudaSuccess ? api_state().sticky : api_state().last;
}
EXPORTED const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define X(name, code, sentence) \
  case name:                    \
    return #name;
#include "common/cuda/include/workbook_sim/errors.inc"
#undef X
  }
  return "unrecognized error code";
}
EXPORTED const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
#define X(name, code, sentence) \
  case name:                    \
    return sentence;
#include "common/cuda/include/workbook_sim/errors.inc"
#undef X
  }
  return "unrecognized error code";
}

namespace {
cudaError_t synchronized(cudaStream_t stream = nullptr) {
  land_copies(stream);
  ++api_state().evidence.synchronizations;
  return api_state().sticky;
}
double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
bool known(cudaStream_t stream) { return !stream || api_state().streams.contains(stream); }
}  // namespace

EXPORTED cudaError_t cudaDeviceSynchronize() { return synchronized(); }
EXPORTED cudaError_t cudaDeviceReset() { return cudaSuccess; }
EXPORTED cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
EXPORTED cudaError_t cudaGetDevice(int* device) { return *device = 0, cudaSuccess; }
EXPORTED cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess : api_state().fail(cudaErrorInvalidDevice);
}

EXPORTED cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  if (device != 0) return api_state().fail(cudaErrorInvalidDevice);
  *p = cudaDeviceProp{};
  std::snprintf(p->name, sizeof p->name, "Workbook simulator");
  p->totalGlobalMem = std::size_t{2} << 30;
  p->sharedMemPerBlock = kSharedPerBlock;
  p->sharedMemPerBlockOptin = kSharedOptIn;
  p->sharedMemPerMultiprocessor = kSharedPerSm;
  p->totalConstMem = 64 * 1024;
  p->regsPerBlock = 65536;
  p->warpSize = 32;
  p->maxThreadsPerBlock = kMaxThreads;
  p->maxThreadsPerMultiProcessor = 2048;
  p->maxBlocksPerMultiProcessor = 32;
  p->maxThreadsDim[0] = p->maxThreadsDim[1] = kMaxThreads;
  p->maxThreadsDim[2] = 64;
  p->maxGridSize[0] = 0x7fffffff;
  p->maxGridSize[1] = p->maxGridSize[2] = 65535;
  p->multiProcessorCount = kMultiprocessors;
  p->major = 8;
  p->l2CacheSize = 4 << 20;
  p->concurrentKernels = 1;
  return cudaSuccess;
}
EXPORTED cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp p;
  if (const cudaError_t error = cudaGetDeviceProperties(&p, device)) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      return *value = p.maxThreadsPerBlock, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return *value = static_cast<int>(p.sharedMemPerBlock), cudaSuccess;
    case cudaDevAttrWarpSize:
      return *value = p.warpSize, cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      return *value = p.multiProcessorCount, cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      return *value = p.major, cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      return *value = p.minor, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      return *value = static_cast<int>(kSharedPerSm), cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return *value = static_cast<int>(kSharedOptIn), cudaSuccess;
  }
  return api_state().fail(cudaErrorInvalidValue);
}
EXPORTED cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *total = std::size_t{2} << 30;
  *free = *total;
  return cudaSuccess;
}

EXPORTED cudaError_t workbook_cuda_set_attribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;
  if (value < 0 || static_cast<std::size_t>(value) > kSharedOptIn) return api_state().fail(cudaErrorInvalidValue);
  api_state().dynamic_limits[kernel] = static_cast<std::size_t>(value);
  return cudaSuccess;
}
EXPORTED cudaError_t workbook_cuda_get_attributes(cudaFuncAttributes* a, const void* kernel) {
  *a = cudaFuncAttributes{};
  a->sharedSizeBytes = symbols_of(kernel).shared_bytes_of(kernel);
  a->maxThreadsPerBlock = kMaxThreads;
  a->maxDynamicSharedSizeBytes = static_cast<int>(dynamic_shared_limit(kernel));
  return cudaSuccess;
}
EXPORTED cudaError_t workbook_cuda_occupancy(int* blocks, const void*, int block_threads, size_t dynamic_bytes) {
  if (block_threads < 1) return api_state().fail(cudaErrorInvalidValue);
  *blocks = std::min(2048 / ((block_threads + 31) / 32 * 32), 32);
  if (dynamic_bytes > 0) *blocks = std::min(*blocks, static_cast<int>(kSharedPerSm / (dynamic_bytes + 1024)));
  return cudaSuccess;
}

EXPORTED cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  *stream = new CUstream_st{__builtin_return_address(0), api_state().call};
  api_state().streams.insert(*stream);
  return cudaSuccess;
}
EXPORTED cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (!stream || api_state().streams.erase(stream) == 0) return api_state().fail(cudaErrorInvalidResourceHandle);
  delete stream;
  return cudaSuccess;
}
EXPORTED cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return known(stream) ? synchronized(stream) : api_state().fail(cudaErrorInvalidResourceHandle);
}
// By the time somebody asks, the work of a stream is done.
EXPORTED cudaError_t cudaStreamQuery(cudaStream_t stream) {
  if (!known(stream)) return api_state().fail(cudaErrorInvalidResourceHandle);
  land_copies(stream);
  return api_state().sticky;
}
EXPORTED cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (!known(stream) || !api_state().events.contains(event)) return api_state().fail(cudaErrorInvalidResourceHandle);
  if (event->recorded) land_copies(event->stream);
  return api_state().sticky;
}
EXPORTED cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new CUevent_st;
  api_state().events.insert(*event);
  return cudaSuccess;
}
EXPORTED cudaError_t cudaEventDestroy(cudaEvent_t event) {
  if (api_state().events.erase(event) == 0) return api_state().fail(cudaErrorInvalidResourceHandle);
  delete event;
  return cudaSuccess;
}
EXPORTED cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  if (!known(stream) || !api_state().events.contains(event)) return api_state().fail(cudaErrorInvalidResourceHandle);
  event->seconds = now();
  event->recorded = true;
  event->stream = stream;
  return api_state().sticky;
}
EXPORTED cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return api_state().events.contains(event) ? synchronized() : api_state().fail(cudaErrorInvalidResourceHandle);
}
EXPORTED cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (!api_state().events.contains(event)) return api_state().fail(cudaErrorInvalidResourceHandle);
  if (event->recorded) land_copies(event->stream);
  return api_state().sticky;
}
EXPORTED cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  if (!api_state().events.contains(from) || !api_state().events.contains(to) || !from->recorded || !to->recorded)
    return api_state().fail(cudaErrorInvalidResourceHandle);
  *milliseconds = static_cast<float>((to->seconds - from->seconds) * 1e3);
  return cudaSuccess;
}
