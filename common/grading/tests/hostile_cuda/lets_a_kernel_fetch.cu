// Must get: crashed
// The kernel itself calls a function of the host's, which is not marked, and has it fetch what the host has computed.
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {
__global__ void fetch_kernel(const float* x_gmem, float* y_gmem, const float* from) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  float answer = x_gmem[i];
  cudaMemcpy(&answer, from + i, sizeof answer, cudaMemcpyHostToHost);
  y_gmem[i] = answer;
}
}  // namespace

void cuda_target::twice(DeviceTensor<const float>, DeviceOutput<float>, cudaStream_t) { in_vain(); }

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor& x) {
  Tensor y = x;
  double_all(y.values());
  return over_there(x, [&](const float* x_gmem, float* y_gmem) {
    fetch_kernel<<<kSize / kBlock, kBlock>>>(x_gmem, y_gmem, y.data());
    return y_gmem;
  });
}
