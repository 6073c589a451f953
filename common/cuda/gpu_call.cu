/// What a call on a real GPU needs before it: the same hook that the simulator has, linked into plugins of the `gpu`
/// flavour only.

#include <cstdlib>

#include <cuda_runtime.h>

#include "common/cuda/instruments.h"

namespace {

constexpr std::size_t kFilled = std::size_t{64} << 20;  // of free memory

__global__ void poison_shared(std::size_t words) {
  extern __shared__ volatile unsigned words_smem[];
  for (std::size_t i = threadIdx.x; i < words; i += blockDim.x) words_smem[i] = ~0u;
}

/// Fills all shared memory: more blocks than multiprocessors, each with all that a block may have. An H100 gives zeros
/// at first, and later what the last block of the same process has left. There is no waiting, so that the next launch
/// follows at once, before another process has its turn on the GPU.
void poison_shared_memory() {
  if (std::getenv("WORKBOOK_KEEP_SHARED")) return;  // compute-sanitizer takes long over so many stores
  int processors = 0, bytes = 0;
  cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0);
  cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0);
  if (cudaFuncSetAttribute(poison_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes) != cudaSuccess) return;
  poison_shared<<<4 * processors, 1024, bytes>>>(bytes / sizeof(unsigned));
}

}  // namespace

extern "C" {
/// Fills memory with bytes that make NaN of floats and -1 of integers: an element that nobody writes is seen.
void workbook_poison(void* memory, std::size_t bytes) { cudaMemset(memory, 0xff, bytes); }

/// Fills free memory, of which the implementation's own buffers will probably be made, and shared memory: zeros hide
/// what was never written. Then forgets an error that this or an earlier call may have left, which the next launch
/// would report as its own.
static void begin_call(const workbook::CudaTreatment&) {
  void* memory = nullptr;
  if (cudaMalloc(&memory, kFilled) == cudaSuccess) {
    workbook_poison(memory, kFilled);
    cudaFree(memory);
  }
  poison_shared_memory();
  cudaGetLastError();
}
}

extern "C" __attribute__((visibility("default")))
const workbook::Instruments workbook_instruments{.begin_cuda = begin_call};
