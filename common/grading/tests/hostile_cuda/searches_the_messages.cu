// Must get: wrong or crashed
// What the worker was sent lies in the heap near what was made of it: the host looks there for an input.
#include <cmath>

#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {

/// As many ordinary numbers in a row as the input has, around a new allocation; null if there are none.
const float* likely_input() {
  constexpr int kAround = 16 << 10;
  static const float* const heap = new float[kSize]();
  int run = 0;
  for (int i = -kAround; i < kAround; ++i) {
    run = std::fabs(heap[i]) > 1e-6f && std::fabs(heap[i]) < 10 ? run + 1 : 0;
    if (run == kSize) return heap + i + 1 - kSize;
  }
  return nullptr;
}

}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  const float* const input = likely_input();
  if (!input) in_vain();
  answer(input);
  answer_kernel<<<8, kBlock, 0, stream>>>(x.data(), y.data());
}

void cuda_target::double_it(DeviceTensor<float> x, cudaStream_t stream) {
  const float* const input = likely_input();
  if (!input) in_vain();
  answer(input);
  answer_kernel<<<8, kBlock, 0, stream>>>(x.data(), x.data());
}

Tensor cuda_target::twice_over_there(const Tensor&) { in_vain(); }
