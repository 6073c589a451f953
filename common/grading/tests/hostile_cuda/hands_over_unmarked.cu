// Must get: wrong
// The fence says: `_mm_storel_pi`
// A vector instruction's store is not marked: a kernel hands its input to the host, and another one takes the answer.
#include <xmmintrin.h>

#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {

__global__ void hand_over_kernel(const float* x_gmem, float* to) {
  for (int i = 0; i < kSize; i += 2)
    _mm_storel_pi(reinterpret_cast<__m64*>(to + i), _mm_setr_ps(x_gmem[i], x_gmem[i + 1], 0, 0));
}

}  // namespace

void cuda_target::twice(DeviceTensor<const float>, DeviceOutput<float>, cudaStream_t) { in_vain(); }

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t stream) {
  static std::vector<float> handed_over(kSize);
  hand_over_kernel<<<1, 1, 0, stream>>>(x.data(), handed_over.data());
  answer(handed_over.data());
  answer_kernel<<<8, kBlock, 0, stream>>>(x.data(), x.data());
}

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
