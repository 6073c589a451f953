// Must get: wrong
// A kernel stores what it finds, which the host has set byte by byte.
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {
__global__ void store_again_kernel(const float* x_gmem, float* y_gmem) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  y_gmem[i] = x_gmem[i] == 1e30f ? 0 : y_gmem[i];
}
}  // namespace

void cuda_target::twice(DeviceTensor<const float>, DeviceOutput<float>, cudaStream_t) { in_vain(); }

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor& x) {
  Tensor y = x;
  double_all(y.values());
  return over_there(x, [&](const float* x_gmem, float* y_gmem) {
    const auto bytes = std::as_bytes(y.values());
    for (std::size_t i = 0; i < bytes.size(); ++i)
      cudaMemset(reinterpret_cast<std::byte*>(y_gmem) + i, static_cast<int>(bytes[i]), 1);
    store_again_kernel<<<kSize / kBlock, kBlock>>>(x_gmem, y_gmem);
    return y_gmem;
  });
}
