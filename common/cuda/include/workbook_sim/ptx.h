#pragma once
/// The simulator's side of workbook_ptx.h.

#include "builtins.h"
#include "matrix.h"

namespace workbook::ptx {

template <int kBytes>
WORKBOOK_INLINE void copy_async(void* shared, const void* global, int source_bytes) {
  workbook_cuda_async_copy(shared, global, kBytes, source_bytes);
}
WORKBOOK_INLINE void commit_async() { workbook_cuda_async_commit(); }
template <int kPending>
WORKBOOK_INLINE void wait_async() {
  workbook_cuda_async_wait(kPending);
}
WORKBOOK_INLINE void wait_async_all() { workbook_cuda_async_wait(-1); }

/// What lane `holder` has, of its two elements the upper one if the column is odd.
WORKBOOK_INLINE unsigned element_of(unsigned piece, unsigned row, unsigned col) {
  const auto held = static_cast<unsigned>(cuda::value_of_lane(piece, row * 4 + col / 2));
  return col % 2 ? held >> 16 : held & 0xffffu;
}

template <int n, bool kTransposed>
WORKBOOK_INLINE void load_matrices(unsigned (&to)[n], const void* row) {
  using Bits = cuda::WholeAccess<4>::Bits;
  const unsigned lane = cuda::lane_of_warp();
  if (lane < 8 * n) workbook_cuda_check_matrix(row, 16, 0, 16, true);
  for (unsigned m = 0; m < n; ++m) {
    const auto address = cuda::value_of_lane(reinterpret_cast<unsigned long long>(row), 8 * m + lane / 4);
    const unsigned piece = reinterpret_cast<const Bits*>(address)[lane % 4];
    to[m] = piece;
    if constexpr (kTransposed) {
      const unsigned low = element_of(piece, lane % 4 * 2, lane / 4);
      to[m] = low | element_of(piece, lane % 4 * 2 + 1, lane / 4) << 16;
    }
  }
}

template <class T>
WORKBOOK_INLINE float element(unsigned both, int i) {
  return static_cast<float>(std::bit_cast<T>(static_cast<unsigned short>(i % 2 ? both >> 16 : both)));
}

template <class T>
WORKBOOK_INLINE void multiply_matrices(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                                       const float (&c)[4]) {
  WorkbookMultiply share;
  for (int i = 0; i < 8; ++i) share.a[i] = element<T>(a[i / 2], i);
  for (int i = 0; i < 4; ++i) share.b[i] = element<T>(b[i / 2], i);
  for (int i = 0; i < 4; ++i) share.d[i] = c[i];
  cuda::multiply(share);
  for (int i = 0; i < 4; ++i) d[i] = share.d[i];
}

WORKBOOK_INLINE float power_of_2(float x) {
  const float y = ::exp2f(x);
  return y < 0x1p-126f ? 0 : y;
}

}  // namespace workbook::ptx
