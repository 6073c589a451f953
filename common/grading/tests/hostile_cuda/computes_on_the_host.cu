// Must get: wrong
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t) {
  send(y.data(), doubled_copy(x.data(), x.size()));
}

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t) { send(x.data(), doubled_copy(x.data(), x.size())); }

Tensor cuda_target::twice_over_there(const Tensor& x) {
  Tensor y = x;
  double_all(y.values());
  return y;
}
