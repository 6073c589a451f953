// Must get: crashed
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  float* pinned = nullptr;
  cudaMallocHost(&pinned, kSize * sizeof(float));
  copy_kernel<<<kSize / kBlock, kBlock, 0, stream>>>(x.data(), pinned);
  double_all(std::span(pinned, kSize));
  copy_kernel<<<kSize / kBlock, kBlock, 0, stream>>>(pinned, y.data());
  cudaFreeHost(pinned);
}

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
