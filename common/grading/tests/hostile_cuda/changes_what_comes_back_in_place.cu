// Must get: wrong
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

// Half of it by a kernel, the rest by a copy.
namespace {
__global__ void first_half_kernel(float* x_gmem) { x_gmem[blockIdx.x * blockDim.x + threadIdx.x] *= 2; }
}  // namespace

void cuda_target::twice(DeviceTensor<const float>, DeviceOutput<float>, cudaStream_t) { in_vain(); }

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t stream) {
  std::vector<float> values = doubled_copy(x.data(), kSize);
  first_half_kernel<<<kSize / 2 / kBlock, kBlock, 0, stream>>>(x.data());
  cudaMemcpy(x.data() + kSize / 2, values.data() + kSize / 2, kSize / 2 * sizeof(float), cudaMemcpyHostToDevice);
}

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
