// Must get: passed
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
  static const std::vector<int> blocks(1, 32);
  twice_kernel<<<blocks[0], 128, 0, stream>>>(x.data(), x.data(), static_cast<int>(x.size()));
}

Tensor cuda_target::twice_over_there(const Tensor& x) {
  return over_there(x, [&](const float* x_gmem, float* y_gmem) {
    twice_kernel<<<32, 128>>>(x_gmem, y_gmem, static_cast<int>(x.size()));
    return y_gmem;
  });
}
