// Must get: wrong
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {
/// Stores what the host has computed, and loads x for show.
__global__ void launder_kernel(const float* from_gmem, float* to_gmem, const float* x_gmem) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  to_gmem[i] = x_gmem[i] == 1e30f ? 0 : from_gmem[i];
}

void launder(const float* x_gmem, float* y_gmem, cudaStream_t stream) {
  float* scratch_gmem = nullptr;
  cudaMalloc(&scratch_gmem, kSize * sizeof(float));
  send(scratch_gmem, doubled_copy(x_gmem, kSize));
  launder_kernel<<<kSize / kBlock, kBlock, 0, stream>>>(scratch_gmem, y_gmem, x_gmem);
  cudaFree(scratch_gmem);
}
}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  launder(x.data(), y.data(), stream);
}

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t stream) { launder(x.data(), x.data(), stream); }

Tensor cuda_target::twice_over_there(const Tensor& x) {
  Tensor y = x;
  double_all(y.values());
  return over_there(y, [](const float* x_gmem, float* y_gmem) {
    copy_kernel<<<kSize / kBlock, kBlock>>>(x_gmem, y_gmem);
    return y_gmem;
  });
}
