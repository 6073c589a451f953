// Must get: passed
#include <algorithm>
#include <atomic>
#include <memory>

#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {
__global__ void twice_kernel(const float* x_gmem, float* y_gmem, int size) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < size) y_gmem[i] = 2 * x_gmem[i];
}
}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  twice_kernel<<<32, 128, 0, stream>>>(x.data(), y.data(), static_cast<int>(x.size()));
}

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t stream) {
  static std::atomic<int> calls = 0;
  static const auto blocks = std::make_shared<std::vector<int>>(1, 32);
  const auto shared = blocks;
  if (++calls > 0) twice_kernel<<<shared->front(), 128, 0, stream>>>(x.data(), x.data(), static_cast<int>(x.size()));
}

/// With page-locked memory, two streams that an event ties together, and a launch for each part.
Tensor cuda_target::twice_over_there(const Tensor& x) {
  constexpr std::size_t kBytes = kSize * sizeof(float);
  constexpr int kPart = kSize / 16;
  Tensor y(x.shape());
  float *pinned = nullptr, *x_gmem = nullptr, *y_gmem = nullptr;
  cudaStream_t copies = nullptr, kernels = nullptr;
  cudaEvent_t event = nullptr;
  cudaMallocHost(&pinned, kBytes);
  cudaMalloc(&x_gmem, kBytes);
  cudaMalloc(&y_gmem, kBytes);
  cudaStreamCreate(&copies);
  cudaStreamCreate(&kernels);
  cudaEventCreate(&event);
  std::copy(x.values().begin(), x.values().end(), pinned);
  cudaMemcpyAsync(x_gmem, pinned, kBytes, cudaMemcpyHostToDevice, copies);
  cudaEventRecord(event, copies);
  cudaStreamWaitEvent(kernels, event, 0);
  for (int first = 0; first < kSize; first += kPart)
    twice_kernel<<<kPart / kBlock, kBlock, 0, kernels>>>(x_gmem + first, y_gmem + first, kPart);
  cudaMemcpyAsync(pinned, y_gmem, kBytes, cudaMemcpyDeviceToHost, kernels);
  cudaEventRecord(event, kernels);
  while (cudaEventQuery(event) == cudaErrorNotReady) {
  }
  std::copy(pinned, pinned + kSize, y.data());
  cudaEventDestroy(event);
  cudaStreamDestroy(kernels);
  cudaStreamDestroy(copies);
  cudaFree(y_gmem);
  cudaFree(x_gmem);
  cudaFreeHost(pinned);
  return y;
}
