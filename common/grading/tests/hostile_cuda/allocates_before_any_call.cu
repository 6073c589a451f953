// Must get: wrong
// What a constructor allocates is in no call's evidence: memory for whatever a test allows none.
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {

struct Pool {
  float* memory = nullptr;
  Pool() { cudaMalloc(&memory, kSize * sizeof(float)); }
} pool;

__global__ void twice_kernel(const float* x_gmem, float* y_gmem) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  y_gmem[i] = 2 * x_gmem[i];
}

}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  cudaMemcpyAsync(pool.memory, x.data(), kSize * sizeof(float), cudaMemcpyDeviceToDevice, stream);
  twice_kernel<<<kSize / kBlock, kBlock, 0, stream>>>(pool.memory, y.data());
}

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t stream) {
  twice_kernel<<<kSize / kBlock, kBlock, 0, stream>>>(x.data(), x.data());
}

Tensor cuda_target::twice_over_there(const Tensor& x) {
  return over_there(x, [&](const float* x_gmem, float*) {
    twice_kernel<<<kSize / kBlock, kBlock>>>(x_gmem, pool.memory);
    return pool.memory;
  });
}
