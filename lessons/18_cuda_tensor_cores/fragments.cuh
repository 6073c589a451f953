#pragma once
/// Rung 2. Which element of a matrix is in which register of which lane.

#include "block.cuh"

namespace {

/// Row and column of element i of a lane, 0 <= i < 8, two to a register.
constexpr Place a_place(int /*lane*/, int /*i*/) {
  // TODO(4): the README has the picture.
  return {};
}

/// The same of b, 0 <= i < 4.
constexpr Place b_place(int /*lane*/, int /*i*/) { return {}; }

/// The same of c, 0 <= i < 4, one to a register.
constexpr Place c_place(int /*lane*/, int /*i*/) { return {}; }

/// One warp, one product.
__global__ void product_kernel(const __half* /*a_gmem*/, const __half* /*b_gmem*/, float* /*c_gmem*/) {
  // TODO(5): fill four registers of a and two of b with pair_of(), multiply with ptx::mma_m16n8k16, store four floats.
}

}  // namespace

Place cuda_tensor_cores::a_element(int lane, int i) {
  throw NotImplemented();  // delete this line when a_place() of TODO(4) is done
  return a_place(lane, i);
}
Place cuda_tensor_cores::b_element(int lane, int i) {
  throw NotImplemented();  // delete this line when b_place() of TODO(4) is done
  return b_place(lane, i);
}
Place cuda_tensor_cores::c_element(int lane, int i) {
  throw NotImplemented();  // delete this line when c_place() of TODO(4) is done
  return c_place(lane, i);
}

void cuda_tensor_cores::product(DeviceTensor<const float16> a, DeviceTensor<const float16> b, DeviceOutput<float> c,
                                cudaStream_t stream) {
  throw NotImplemented();  // delete this line when TODO(5) is done
  product_kernel<<<1, 32, 0, stream>>>(a.as<const __half>(), b.as<const __half>(), c.data());
  check(cudaGetLastError());
}
