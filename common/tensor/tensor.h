#pragma once
/// Dense row-major tensors, and matrix views into them.
///
/// A tensor owns its elements; the last axis is contiguous. A [rows, cols] slice at fixed leading indices, say one
/// (batch, head) of [batch, heads, seq, head_dim], is an Eigen::Map: it can be read, written and passed to matmul.

#include <Eigen/Core>
#include <algorithm>
#include <concepts>
#include <memory>
#include <new>
#include <utility>

#include "common/tensor/shape.h"

namespace workbook {

using float16 = Eigen::half;       ///< IEEE binary16
using bfloat16 = Eigen::bfloat16;  ///< the upper half of a float

template <class T>
using MatrixOf = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
class ConstViewOf;

namespace detail {

/// Copies a [rows, cols] slice. Compiled once, because Eigen's assignment takes a student's file a tenth of a second.
/// Strides and `row_bytes` are in bytes.
void copy_rows(const void* from, std::int64_t from_stride, void* to, std::int64_t to_stride, std::int64_t rows,
               std::int64_t row_bytes);
[[noreturn]] void throw_cannot_assign(const Shape& from, const Shape& to);

}  // namespace detail

/// A [rows, cols] matrix to read and write, somewhere in a tensor; rows are contiguous. Everything Eigen does with a
/// Map can be done with it.
template <class T>
class ViewOf : public Eigen::Map<MatrixOf<T>, 0, Eigen::OuterStride<>> {
 public:
  using Base = Eigen::Map<MatrixOf<T>, 0, Eigen::OuterStride<>>;
  using Base::Base;
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
  ConstViewOf(const ViewOf<T>& view)
      : Base(view.data(), view.rows(), view.cols(), Eigen::OuterStride<>(view.outerStride())) {}
};

using Matrix = MatrixOf<float>;  ///< owns [rows, cols] floats
using View = ViewOf<float>;
using ConstView = ConstViewOf<float>;

namespace detail {
[[noreturn]] void throw_wrong_index_count(const Shape& shape, std::size_t found, int open);
[[noreturn]] void throw_index_out_of_range(const Shape& shape, int axis, std::int64_t index);
[[noreturn]] void throw_outside(const char* what, std::int64_t first, std::int64_t count, std::int64_t extent);

inline std::int64_t checked_index(const Shape& shape, int axis, std::int64_t index) {
  if (index < 0 || index >= shape[axis]) throw_index_out_of_range(shape, axis, index);
  return index;
}

inline void check_range(const char* what, std::int64_t first, std::int64_t count, std::int64_t extent) {
  if (first < 0 || count < 0 || first > extent - count) throw_outside(what, first, count, extent);
}
}  // namespace detail

/// Elements of type T in row-major order, 64-byte aligned. T is float, double, float16, bfloat16, int32_t, int64_t
/// or bool. Copying copies the elements; a moved-from tensor is empty.
template <class T>
class TensorOf {
 public:
  using value_type = T;

  TensorOf() = default;  ///< empty, shape [0]

  /// Every element is `fill`. @throws std::bad_alloc
  explicit TensorOf(const Shape& shape, T fill = T{}) : shape_(shape), data_(allocate(shape.size())) {
    std::uninitialized_fill_n(data(), size(), fill);
  }

  /// The elements in row-major order. @throws std::invalid_argument if their number is not the shape's.
  TensorOf(const Shape& shape, std::span<const T> elements) : shape_(shape), data_(allocate(shape.size())) {
    if (static_cast<std::int64_t>(elements.size()) != size())
      throw std::invalid_argument("[Tensor] shape " + to_string(shape) + " expects " + std::to_string(size()) +
                                  " elements; found " + std::to_string(elements.size()));
    std::uninitialized_copy_n(elements.data(), size(), data());
  }
  TensorOf(const Shape& shape, std::initializer_list<T> elements)
      : TensorOf(shape, std::span<const T>(elements.begin(), elements.size())) {}

  TensorOf(const TensorOf& other) : TensorOf(other.shape_, other.values()) {}
  TensorOf(TensorOf&& other) noexcept : shape_(std::exchange(other.shape_, Shape())), data_(std::move(other.data_)) {}
  TensorOf& operator=(TensorOf other) noexcept {
    std::swap(shape_, other.shape_);
    std::swap(data_, other.data_);
    return *this;
  }

  const Shape& shape() const { return shape_; }
  std::int64_t size() const { return shape_.size(); }
  /// Extent of an axis; negative axes count from the end.
  std::int64_t dim(int axis) const { return shape_[axis]; }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::span<T> values() { return {data(), static_cast<std::size_t>(size())}; }
  std::span<const T> values() const { return {data(), static_cast<std::size_t>(size())}; }

  /// One element; as many indices as axes. @throws std::out_of_range
  template <std::integral... Index>
  T& at(Index... indices) {
    return data()[offset<0>(indices...)];
  }
  template <std::integral... Index>
  const T& at(Index... indices) const {
    return data()[offset<0>(indices...)];
  }

  /// The matrix of the last two axes, at fixed indices of all axes before them.
  /// @throws std::out_of_range
  template <std::integral... Index>
  ViewOf<T> matrix(Index... leading) {
    T* first = data() + offset<2>(leading...);
    return {first, dim(-2), dim(-1), Eigen::OuterStride<>(dim(-1))};
  }
  template <std::integral... Index>
  ConstViewOf<T> matrix(Index... leading) const {
    const T* first = data() + offset<2>(leading...);
    return {first, dim(-2), dim(-1), Eigen::OuterStride<>(dim(-1))};
  }

  /// The contiguous last axis, at fixed indices of all axes before it. @throws std::out_of_range
  template <std::integral... Index>
  std::span<T> row(Index... leading) {
    return {data() + offset<1>(leading...), static_cast<std::size_t>(dim(-1))};
  }
  template <std::integral... Index>
  std::span<const T> row(Index... leading) const {
    return {data() + offset<1>(leading...), static_cast<std::size_t>(dim(-1))};
  }

  /// The same elements in another shape. @throws std::invalid_argument if the number of elements differs.
  TensorOf reshaped(const Shape& shape) const& { return TensorOf(shape, values()); }
  TensorOf reshaped(const Shape& shape) && {
    if (shape.size() != size())
      throw std::invalid_argument("[Tensor] cannot reshape " + to_string(shape_) + " to " + to_string(shape));
    shape_ = shape;
    return std::move(*this);
  }

  /// Same shape and same elements; as floats compare, so NaN differs from itself.
  friend bool operator==(const TensorOf& a, const TensorOf& b) {
    return a.shape_ == b.shape_ && std::equal(a.data(), a.data() + a.size(), b.data());
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(T* data) const { ::operator delete(data, kAlignment); }
  };

  static std::unique_ptr<T[], Free> allocate(std::int64_t count) {
    if (count > std::int64_t(PTRDIFF_MAX / sizeof(T))) throw std::bad_array_new_length();
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
    return std::unique_ptr<T[], Free>(static_cast<T*>(::operator new(bytes, kAlignment)));
  }

  /// Row-major position of the first element under the given indices, which leave the last `open` axes open.
  template <int open, std::integral... Index>
  std::int64_t offset(Index... indices) const {
    if (static_cast<int>(sizeof...(Index)) + open != shape_.rank())
      detail::throw_wrong_index_count(shape_, sizeof...(Index), open);
    std::int64_t position = 0;
    int axis = 0;
    (..., (position = position * shape_[axis] + detail::checked_index(shape_, axis, indices), ++axis));
    for (; axis < shape_.rank(); ++axis) position *= shape_[axis];
    return position;
  }

  Shape shape_;
  std::unique_ptr<T[], Free> data_;
};

using Tensor = TensorOf<float>;
using Tensor64 = TensorOf<double>;  ///< what oracles return

/// Columns [first, first + count) of a view: one head of [seq, heads * head_dim], for example.
/// @throws std::out_of_range if the view has fewer
template <class V>
V columns(V view, std::int64_t first, std::int64_t count) {
  detail::check_range("columns", first, count, view.cols());
  return {view.data() + first, view.rows(), count, Eigen::OuterStride<>(view.outerStride())};
}

/// Rows [first, first + count) of a view: one tile of keys, for example. @throws std::out_of_range
template <class V>
V rows(V view, std::int64_t first, std::int64_t count) {
  detail::check_range("rows", first, count, view.rows());
  return {view.data() + first * view.outerStride(), count, view.cols(), Eigen::OuterStride<>(view.outerStride())};
}

}  // namespace workbook
