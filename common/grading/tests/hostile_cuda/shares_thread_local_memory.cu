// Must get: wrong
// The fence says: `thread_local`
// Here a thread_local variable is shared memory; and no launch is asked how much of it there is.
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {

thread_local float tile[1 << 20];

__global__ void twice_kernel(const float* x_gmem, float* y_gmem) {
  for (int i = static_cast<int>(threadIdx.x); i < kSize; i += kBlock) tile[i] = x_gmem[i];
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int i = 0; i < kSize; ++i) y_gmem[i] = 2 * tile[i];
}

}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  twice_kernel<<<1, kBlock, 0, stream>>>(x.data(), y.data());
}

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t stream) {
  twice_kernel<<<1, kBlock, 0, stream>>>(x.data(), x.data());
}

Tensor cuda_target::twice_over_there(const Tensor& x) {
  return over_there(x, [&](const float* x_gmem, float* y_gmem) {
    twice_kernel<<<1, kBlock>>>(x_gmem, y_gmem);
    return y_gmem;
  });
}
