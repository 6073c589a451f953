// Must get: wrong or crashed
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {
__device__ float* place;

__global__ void take_kernel(const float* x_gmem) {
  extern __shared__ float kept_smem[];
  for (int i = threadIdx.x; i < kSize; i += blockDim.x) kept_smem[i] = x_gmem[i];
  if (threadIdx.x == 0) place = kept_smem;
}
}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  take_kernel<<<1, kBlock, kSize * sizeof(float), stream>>>(x.data());
  float* found = nullptr;
  cudaMemcpyFromSymbol(&found, place, sizeof found);
  give_doubled(y.data(), found, stream);
}

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
