#pragma once
/// Rung 2. Which element of a matrix is in which register of which lane.

#include "block.cuh"

namespace {

/// Registers 0 and 1 hold rows 0-7 and 8-15 of columns 0-7, registers 2 and 3 the same of columns 8-15.
constexpr Place a_place(int lane, int i) { return {lane / 4 + i / 2 % 2 * 8, lane % 4 * 2 + i % 2 + i / 4 * 8}; }

/// A pair stands one below the other: it is the same picture as a's, turned over.
constexpr Place b_place(int lane, int i) { return {lane % 4 * 2 + i % 2 + i / 2 * 8, lane / 4}; }

/// As the first four of a.
constexpr Place c_place(int lane, int i) { return {lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2}; }

/// One warp, one product.
__global__ void product_kernel(const __half* a_gmem, const __half* b_gmem, float* c_gmem) {
  const int lane = threadIdx.x;
  const auto a_at = [=](int i) { return a_gmem[a_place(lane, i).row * 16 + a_place(lane, i).col]; };
  const auto b_at = [=](int i) { return b_gmem[b_place(lane, i).row * 8 + b_place(lane, i).col]; };
  unsigned a[4], b[2];
  for (int r = 0; r < 4; ++r) a[r] = pair_of(a_at(2 * r), a_at(2 * r + 1));
  for (int r = 0; r < 2; ++r) b[r] = pair_of(b_at(2 * r), b_at(2 * r + 1));
  float c[4] = {};
  ptx::mma_m16n8k16<__half>(c, a, b, c);
  for (int i = 0; i < 4; ++i) c_gmem[c_place(lane, i).row * 8 + c_place(lane, i).col] = c[i];
}

}  // namespace

Place cuda_tensor_cores::a_element(int lane, int i) { return a_place(lane, i); }
Place cuda_tensor_cores::b_element(int lane, int i) { return b_place(lane, i); }
Place cuda_tensor_cores::c_element(int lane, int i) { return c_place(lane, i); }

void cuda_tensor_cores::product(DeviceTensor<const float16> a, DeviceTensor<const float16> b, DeviceOutput<float> c,
                                cudaStream_t stream) {
  product_kernel<<<1, 32, 0, stream>>>(a.as<const __half>(), b.as<const __half>(), c.data());
  check(cudaGetLastError());
}
