#pragma once
/// nvcuda::wmma: 16 x 16 x 16, __half or __nv_bfloat16 in, float (or __half) out. A fragment's elements lie in lanes as
/// mma.m16n8k16 has them; num_elements may be another than on a GPU.

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "workbook_sim/builtins.h"
#include "workbook_sim/matrix.h"

namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };

template <class Use, int m, int n, int k, class T, class Layout = void>
class fragment {
  static_assert(m == 16 && n == 16 && k == 16, "of wmma only 16 x 16 x 16 is simulated");
  static_assert(std::is_same_v<T, __half> || std::is_same_v<T, __nv_bfloat16> ||
                    (std::is_same_v<T, float> && std::is_same_v<Use, accumulator>),
                "wmma is simulated with __half and __nv_bfloat16 in, and float out");

 public:
  using element_type = T;
  static constexpr int num_elements = 8;
  T x[num_elements];
};
template <class T, class Layout>
using MatrixA = fragment<matrix_a, 16, 16, 16, T, Layout>;
template <class T, class Layout>
using MatrixB = fragment<matrix_b, 16, 16, 16, T, Layout>;
template <class T>
using Accumulator = fragment<accumulator, 16, 16, 16, T>;

/// A fragment is loaded or stored by all lanes together, at multiples of 32 bytes, its rows at multiples of 16.
WORKBOOK_INLINE void check_fragment(const void* address, unsigned long row_bytes) {
  workbook_cuda_check_matrix(address, 32, static_cast<int>(row_bytes), 16, false);
  workbook_cuda_collective(workbook_matrix_access, 0xffffffffu, 0, 0, 32);
}

/// Two neighbours `along` one direction: one access if they are neighbours in memory.
template <class T>
WORKBOOK_INLINE void load_pair(T* to, const T* from, unsigned stride, unsigned along, unsigned other, bool contiguous) {
  using Bits = typename workbook::cuda::WholeAccess<2 * sizeof(T)>::Bits;
  if (contiguous) {
    *reinterpret_cast<Bits*>(to) = *reinterpret_cast<const Bits*>(from + other * stride + along);
  } else {
    to[0] = from[along * stride + other];
    to[1] = from[(along + 1) * stride + other];
  }
}

template <class T, class Layout>
WORKBOOK_INLINE void load_matrix_sync(MatrixA<T, Layout>& to, const T* from, unsigned stride) {
  check_fragment(from, stride * sizeof(T));
  const unsigned lane = workbook::cuda::lane_of_warp();
  for (unsigned i = 0; i < 8; i += 2)
    load_pair(to.x + i, from, stride, lane % 4 * 2 + (i & 4 ? 8 : 0), lane / 4 + (i & 2 ? 8 : 0),
              std::is_same_v<Layout, row_major>);
}
template <class T, class Layout>
WORKBOOK_INLINE void load_matrix_sync(MatrixB<T, Layout>& to, const T* from, unsigned stride) {
  check_fragment(from, stride * sizeof(T));
  const unsigned lane = workbook::cuda::lane_of_warp();
  for (unsigned i = 0; i < 8; i += 2)
    load_pair(to.x + i, from, stride, lane % 4 * 2 + (i & 2 ? 8 : 0), lane / 4 + (i & 4 ? 8 : 0),
              std::is_same_v<Layout, col_major>);
}
template <class T>
WORKBOOK_INLINE void load_matrix_sync(Accumulator<T>& to, const T* from, unsigned stride, layout_t layout) {
  check_fragment(from, stride * sizeof(T));
  const unsigned lane = workbook::cuda::lane_of_warp();
  for (unsigned i = 0; i < 8; i += 2)
    load_pair(to.x + i, from, stride, lane % 4 * 2 + (i & 4 ? 8 : 0), lane / 4 + (i & 2 ? 8 : 0),
              layout == mem_row_major);
}
template <class T>
WORKBOOK_INLINE void store_matrix_sync(T* to, const Accumulator<T>& from, unsigned stride, layout_t layout) {
  using Bits = typename workbook::cuda::WholeAccess<2 * sizeof(T)>::Bits;
  check_fragment(to, stride * sizeof(T));
  const unsigned lane = workbook::cuda::lane_of_warp();
  for (unsigned i = 0; i < 8; i += 2) {
    const unsigned col = lane % 4 * 2 + (i & 4 ? 8 : 0), row = lane / 4 + (i & 2 ? 8 : 0);
    if (layout == mem_row_major) {
      *reinterpret_cast<Bits*>(to + row * stride + col) = *reinterpret_cast<const Bits*>(from.x + i);
    } else {
      to[col * stride + row] = from.x[i];
      to[(col + 1) * stride + row] = from.x[i + 1];
    }
  }
}

template <class Use, class T, class Layout, class U>
WORKBOOK_INLINE void fill_fragment(fragment<Use, 16, 16, 16, T, Layout>& to, const U& value) {
  for (T& x : to.x) x = static_cast<T>(value);
}

template <class D, class T, class LayoutA, class LayoutB, class C>
WORKBOOK_INLINE void mma_sync(Accumulator<D>& d, const MatrixA<T, LayoutA>& a, const MatrixB<T, LayoutB>& b,
                              const Accumulator<C>& c) {
  for (int half = 0; half < 2; ++half) {
    WorkbookMultiply share;
    for (int i = 0; i < 8; ++i) share.a[i] = static_cast<float>(a.x[i]);
    for (int i = 0; i < 4; ++i) share.b[i] = static_cast<float>(b.x[4 * half + i]);
    for (int i = 0; i < 4; ++i) share.d[i] = static_cast<float>(c.x[4 * half + i]);
    workbook::cuda::multiply(share);
    for (int i = 0; i < 4; ++i) d.x[4 * half + i] = static_cast<D>(share.d[i]);
  }
}

}  // namespace nvcuda::wmma
