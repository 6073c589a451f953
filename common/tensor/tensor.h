#pragma once
/// Dense row-major tensors, and matrix views into them.
///
/// A tensor owns its elements; the last axis is contiguous. A [rows, cols] slice at fixed leading indices, say one
/// (batch, head) of [batch, heads, seq, head_dim], is an Eigen::Map: it can be read, written and passed to matmul.

#include <Eigen/Core>

#include "common/tensor/storage.h"

namespace workbook {

template <class T>
using MatrixOf = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

namespace detail {

/// Copies a [rows, cols] slice. Compiled once, because Eigen's assignment takes a student's file a tenth of a second.
/// Strides and `row_bytes` are in bytes.
void copy_rows(const void* from, std::int64_t from_stride, void* to, std::int64_t to_stride, std::int64_t rows,
               std::int64_t row_bytes);
[[noreturn]] void throw_cannot_assign(const Shape& from, const Shape& to);
[[noreturn]] void throw_outside(const char* what, std::int64_t first, std::int64_t count, std::int64_t extent);

inline void check_range(const char* what, std::int64_t first, std::int64_t count, std::int64_t extent) {
  if (first < 0 || count < 0 || first > extent - count) throw_outside(what, first, count, extent);
}

}  // namespace detail

/// A [rows, cols] matrix to read and write, somewhere in a tensor; rows are contiguous. Everything Eigen does with a
/// Map can be done with it.
template <class T>
class ViewOf : public Eigen::Map<MatrixOf<T>, 0, Eigen::OuterStride<>> {
 public:
  using Base = Eigen::Map<MatrixOf<T>, 0, Eigen::OuterStride<>>;
  using Base::Base;
  ViewOf(T* first, std::int64_t rows, std::int64_t cols, std::int64_t stride)
      : Base(first, rows, cols, Eigen::OuterStride<>(stride)) {}
  ViewOf(const ViewOf&) = default;

  /// Copies the elements. @throws std::invalid_argument if the shapes differ
  ViewOf& operator=(const ViewOf& other) { return copy(other); }
  ViewOf& operator=(const ConstViewOf<T>& other) { return copy(other); }

  template <class Expression>
  ViewOf& operator=(const Eigen::EigenBase<Expression>& expression) {
    Base::operator=(expression.derived());
    return *this;
  }

 private:
  template <class V>
  ViewOf& copy(const V& other) {
    if (other.rows() != this->rows() || other.cols() != this->cols())
      detail::throw_cannot_assign({other.rows(), other.cols()}, {this->rows(), this->cols()});
    constexpr auto size = static_cast<std::int64_t>(sizeof(T));
    detail::copy_rows(other.data(), size * other.outerStride(), this->data(), size * this->outerStride(), this->rows(),
                      size * this->cols());
    return *this;
  }
};

/// The same, to read only.
template <class T>
class ConstViewOf : public Eigen::Map<const MatrixOf<T>, 0, Eigen::OuterStride<>> {
 public:
  using Base = Eigen::Map<const MatrixOf<T>, 0, Eigen::OuterStride<>>;
  using Base::Base;
  ConstViewOf(const T* first, std::int64_t rows, std::int64_t cols, std::int64_t stride)
      : Base(first, rows, cols, Eigen::OuterStride<>(stride)) {}
  ConstViewOf(const ViewOf<T>& view) : ConstViewOf(view.data(), view.rows(), view.cols(), view.outerStride()) {}
};

using Matrix = MatrixOf<float>;  ///< owns [rows, cols] floats
using View = ViewOf<float>;
using ConstView = ConstViewOf<float>;

/// Columns [first, first + count) of a view: one head of [seq, heads * head_dim], for example.
/// @throws std::out_of_range if the view has fewer
template <class V>
V columns(V view, std::int64_t first, std::int64_t count) {
  detail::check_range("columns", first, count, view.cols());
  return {view.data() + first, view.rows(), count, view.outerStride()};
}

/// Rows [first, first + count) of a view: one tile of keys, for example. @throws std::out_of_range
template <class V>
V rows(V view, std::int64_t first, std::int64_t count) {
  detail::check_range("rows", first, count, view.rows());
  return {view.data() + first * view.outerStride(), count, view.cols(), view.outerStride()};
}

}  // namespace workbook
