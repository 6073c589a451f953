// Must get: wrong
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {
__device__ float there[kSize];

__global__ void take_kernel(const float* x_gmem) {
  for (int i = threadIdx.x; i < kSize; i += blockDim.x) there[i] = x_gmem[i];
}
__global__ void give_kernel(float* y_gmem) {
  for (int i = threadIdx.x; i < kSize; i += blockDim.x) y_gmem[i] = there[i];
}
void double_over_there(const float* x_gmem, float* y_gmem, cudaStream_t stream) {
  take_kernel<<<1, kBlock, 0, stream>>>(x_gmem);
  double_all(there);
  give_kernel<<<1, kBlock, 0, stream>>>(y_gmem);
}
}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  double_over_there(x.data(), y.data(), stream);
}

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t stream) {
  double_over_there(x.data(), x.data(), stream);
}

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
