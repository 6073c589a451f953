// Must get: crashed
// The fence says: line 9: attribute `no_sanitize`
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {
__attribute__((no_sanitize("thread"))) void double_over_there(const float* x, float* y) {
  for (int i = 0; i < kSize; ++i) y[i] = 2 * x[i];
}
}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t) {
  double_over_there(x.data(), y.data());
}

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t) { double_over_there(x.data(), x.data()); }

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
