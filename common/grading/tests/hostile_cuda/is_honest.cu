// Must get: passed
#include <atomic>
#include <memory>

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
  static std::atomic<int> calls = 0;
  static const auto blocks = std::make_shared<std::vector<int>>(1, 32);
  const auto shared = blocks;
  if (++calls > 0) twice_kernel<<<shared->front(), 128, 0, stream>>>(x.data(), x.data(), static_cast<int>(x.size()));
}

Tensor cuda_target::twice_over_there(const Tensor& x) {
  return over_there(x, [&](const float* x_gmem, float* y_gmem) {
    twice_kernel<<<32, 128>>>(x_gmem, y_gmem, static_cast<int>(x.size()));
    return y_gmem;
  });
}
