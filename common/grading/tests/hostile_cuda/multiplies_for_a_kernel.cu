// Must get: crashed
// The fence says: uses workbook::matmul
// A product of the workbook's reads and writes device memory for a kernel, and no access of its is marked.
#include "common/tensor/linalg.h"
#include "cuda_attack.h"

using namespace workbook;
using namespace attack;

namespace {

struct Row {
  static constexpr bool IsRowMajor = true;
  float* first;
  std::int64_t columns;
  float* data() const { return first; }
  std::int64_t rows() const { return 1; }
  std::int64_t cols() const { return columns; }
  std::int64_t outerStride() const { return columns; }
};

__global__ void product_kernel(const float* x_gmem, float* y_gmem) {
  float two = 2;
  for (int i = 0; i < kSize; ++i) y_gmem[i] = 0 * x_gmem[i];
  matmul(Row{&two, 1}, Row{const_cast<float*>(x_gmem), kSize}, Row{y_gmem, kSize});
}

}  // namespace

void cuda_target::twice(DeviceTensor<const float> x, DeviceOutput<float> y, cudaStream_t stream) {
  product_kernel<<<1, 1, 0, stream>>>(x.data(), y.data());
}

void cuda_target::double_it(DeviceTensor<float>, cudaStream_t) { in_vain(); }

Tensor cuda_target::twice_over_there(const Tensor& x) {
  return over_there(x, [&](const float* x_gmem, float* y_gmem) {
    product_kernel<<<1, 1>>>(x_gmem, y_gmem);
    return y_gmem;
  });
}
