#include "cuda_softmax.h"

#include <algorithm>
#include <cmath>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_softmax;

namespace {

/// Has `launch(x_gmem, y_gmem)` compute y from x on the device. @returns y
template <class Launch>
Tensor on_device(const Tensor& x, Launch /*launch*/) {
  Tensor y(x.shape());
  // TODO(1): memory for both on the device, x copied there, the launch, y copied back, the memory freed; every call of
  // CUDA's inside check(...).
  return y;
}

__global__ void scale_kernel(const float* /*x_gmem*/, float* /*y_gmem*/, float /*factor*/, std::int64_t /*count*/) {
  // TODO(1): which element is mine, and is there one?
}

// TODO(4) to TODO(6) walk along a row three times each. What they have in common can stand here, as __device__
// functions.

__global__ void thread_per_row_kernel(const float* /*x_gmem*/, float* /*y_gmem*/, int /*rows*/, int /*cols*/) {
  // TODO(4): the softmax of lesson 01, of one row.
}

__global__ void block_per_row_kernel(const float* /*x_gmem*/, float* /*y_gmem*/, int /*cols*/) {
  // TODO(5): each thread takes every kBlock-th column; what the threads found is combined in shared memory.
}

__global__ void warp_per_row_kernel(const float* /*x_gmem*/, float* /*y_gmem*/, int /*rows*/, int /*cols*/) {
  // TODO(6): each lane takes every kWarp-th column; what the lanes found is combined by shuffles.
}

}  // namespace

Tensor cuda_softmax::scaled(const Tensor& /*x*/, float /*factor*/) {
  // TODO(1): return on_device(x, [&](const float* x_gmem, float* y_gmem) { scale_kernel<<<..., ...>>>(...); });
  throw NotImplemented();
}

Walk cuda_softmax::walk(Mapping /*mapping*/, int /*block*/, int /*thread*/) {
  // TODO(2): whose row is it, where does this thread begin, and how far is it to its next column?
  throw NotImplemented();
}

int cuda_softmax::sectors_of_first_load(Mapping /*mapping*/, int /*cols*/) {
  // TODO(3): which sector does each lane's first element lie in, and how many different ones are there?
  throw NotImplemented();
}

Tensor cuda_softmax::softmax_thread_per_row(const Tensor& /*logits*/) {
  // TODO(4): as scaled, with thread_per_row_kernel: how many blocks does it take?
  throw NotImplemented();
}

Tensor cuda_softmax::softmax_block_per_row(const Tensor& /*logits*/) {
  // TODO(5): the same with block_per_row_kernel, which needs bytes of shared memory as well.
  throw NotImplemented();
}

Tensor cuda_softmax::softmax_warp_per_row(const Tensor& /*logits*/) {
  // TODO(6): the same with warp_per_row_kernel.
  throw NotImplemented();
}
