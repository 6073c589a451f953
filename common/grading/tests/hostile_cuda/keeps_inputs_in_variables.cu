// Must get: wrong
// What is loaded once lies in an array of the device from then on, where nobody counts how often it is read.
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {

__device__ float kept[kSize];

__global__ void keep_kernel(const float* x_gmem, float* y_gmem) {
  for (int i = static_cast<int>(threadIdx.x); i < kSize; i += kBlock) kept[i] = x_gmem[i];
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < kSize; i += kBlock) y_gmem[i] = kept[i] + kept[i];
}

}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  keep_kernel<<<1, kBlock, 0, stream>>>(x.data(), y.data());
}

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
