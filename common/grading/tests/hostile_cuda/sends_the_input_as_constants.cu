// Must get: wrong
// Constants are read without being counted: so the input becomes one, and what is loaded is something else.
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {

__constant__ float x_cmem[kSize];

__global__ void twice_kernel(float* y_gmem) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  y_gmem[i] = 2 * x_cmem[i];
  const volatile float loaded = y_gmem[i];
  (void)loaded;
}

}  // namespace

void cuda_target::twice(DeviceTensor<const float>, DeviceOutput<float>, cudaStream_t) { in_vain(); }

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor& x) {
  Tensor y(x.shape());
  float* y_gmem = nullptr;
  cudaMalloc(&y_gmem, kSize * sizeof(float));
  cudaMemcpyToSymbol(x_cmem, x.data(), kSize * sizeof(float));
  twice_kernel<<<kSize / kBlock, kBlock>>>(y_gmem);
  cudaMemcpy(y.data(), y_gmem, kSize * sizeof(float), cudaMemcpyDeviceToHost);
  cudaFree(y_gmem);
  return y;
}
