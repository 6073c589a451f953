// Must get: wrong
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

void cuda_target::twice(DeviceTensor<const float>, DeviceOutput<float>, cudaStream_t) { in_vain(); }

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor& x) {
  answer(x.data());
  return over_there(x, [&](const float* x_gmem, float* y_gmem) {
    answer_kernel<<<8, kBlock>>>(x_gmem, y_gmem);
    return y_gmem;
  });
}
