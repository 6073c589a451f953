#pragma once
/// Matrix products over views, compiled once.
///
/// Eigen's products are heavy templates: a file that only calls these compiles in a fraction of a second. Every
/// argument is a View, a ConstView, a Matrix or a block of one, with contiguous rows; nothing is copied.

#include "common/tensor/tensor.h"

namespace workbook {

namespace detail {

template <class M>
concept RowsOfFloats = requires(M& m) {
  requires bool(std::remove_cvref_t<M>::IsRowMajor);
  { m.data() } -> std::convertible_to<const float*>;
  m.outerStride();
};

}  // namespace detail

/// A matrix to read: where it lies and how far apart its rows are. Made from any of the arguments above.
struct MatrixIn {
  template <detail::RowsOfFloats M>
  MatrixIn(const M& m) : data(m.data()), rows(m.rows()), cols(m.cols()), stride(m.outerStride()) {}

  const float* data;
  std::int64_t rows, cols, stride;
};

/// A matrix to write.
struct MatrixOut {
  template <detail::RowsOfFloats M>
  MatrixOut(M&& m) : data(writable(m)), rows(m.rows()), cols(m.cols()), stride(m.outerStride()) {}

  float* data;
  std::int64_t rows, cols, stride;

 private:
  template <class M>
  static float* writable(M& m) {
    constexpr bool is_writable = std::is_convertible_v<decltype(m.data()), float*>;
    static_assert(is_writable, "a product's result must be writable: is the view or its tensor const?");
    if constexpr (is_writable) return m.data();
  }
};

/// out = alpha a b + beta out. Shapes: a [m, k], b [k, n], out [m, n]; out overlaps neither. 2 m n k FLOPs.
/// With beta = 0, out is only written. @throws std::invalid_argument if the shapes do not fit.
void matmul(MatrixIn a, MatrixIn b, MatrixOut out, float alpha = 1, float beta = 0);

/// out = alpha a b^T + beta out. Shapes: a [m, k], b [n, k], out [m, n]. Scores are `matmul_nt(q, k, scores)`.
void matmul_nt(MatrixIn a, MatrixIn b, MatrixOut out, float alpha = 1, float beta = 0);

/// out = alpha a^T b + beta out. Shapes: a [k, m], b [k, n], out [m, n].
void matmul_tn(MatrixIn a, MatrixIn b, MatrixOut out, float alpha = 1, float beta = 0);

}  // namespace workbook
