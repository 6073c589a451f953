// Must get: wrong or crashed
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {
__shared__ float kept_smem[kSize];

__global__ void take_kernel(const float* x_gmem) {
  for (int i = threadIdx.x; i < kSize; i += blockDim.x) kept_smem[i] = x_gmem[i];
}
}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  take_kernel<<<1, kBlock, 0, stream>>>(x.data());
  give_doubled(y.data(), kept_smem, stream);
}

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
