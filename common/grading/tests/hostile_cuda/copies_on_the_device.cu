// Must get: wrong
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

void cuda_target::twice(DeviceTensor<const float>, DeviceOutput<float>, cudaStream_t) { in_vain(); }

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t) {
  float* scratch_gmem = nullptr;
  cudaMalloc(&scratch_gmem, kSize * sizeof(float));
  send(scratch_gmem, doubled_copy(x.data(), kSize));
  cudaMemcpy(x.data(), scratch_gmem, kSize * sizeof(float), cudaMemcpyDeviceToDevice);
  cudaFree(scratch_gmem);
}

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
