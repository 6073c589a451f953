#pragma once
/// Tensors that own their elements, without the views that Eigen computes with: for CUDA contracts, because compiling
/// Eigen takes nvcc longer than compiling a kernel.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "common/tensor/elements.h"
#include "common/tensor/shape.h"

namespace Eigen {
struct half;
struct bfloat16;
}  // namespace Eigen

namespace workbook {

using float16 = Eigen::half;       ///< IEEE binary16; common/tensor/tensor.h has what computes with it
using bfloat16 = Eigen::bfloat16;  ///< the upper half of a float; as float16

template <class T>
class ViewOf;  // common/tensor/tensor.h
template <class T>
class ConstViewOf;

namespace detail {
[[noreturn]] void throw_wrong_index_count(const Shape& shape, std::size_t found, int open);
[[noreturn]] void throw_index_out_of_range(const Shape& shape, int axis, std::int64_t index);

inline std::int64_t checked_index(const Shape& shape, int axis, std::int64_t index) {
  if (index < 0 || index >= shape[axis]) throw_index_out_of_range(shape, axis, index);
  return index;
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
    std::uninitialized_fill_n(data_.get(), size(), fill);
  }

  /// Elements without a value, each of which is to be written. For large results that threads write: the system hands
  /// out memory when it is first touched, page by page, and so each thread waits for its own pages only.
  static TensorOf unfilled(const Shape& shape) {
    TensorOf result;
    result.shape_ = shape;
    result.data_ = allocate(shape.size());
    return result;
  }

  /// The elements in row-major order. @throws std::invalid_argument if their number is not the shape's.
  TensorOf(const Shape& shape, std::span<const T> elements) : shape_(shape), data_(allocate(shape.size())) {
    if (static_cast<std::int64_t>(elements.size()) != size())
      throw std::invalid_argument("[Tensor] shape " + to_string(shape) + " expects " + std::to_string(size()) +
                                  " elements; found " + std::to_string(elements.size()));
    std::uninitialized_copy_n(elements.data(), size(), data_.get());
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

#ifndef WORKBOOK_CHECKED  // a test reads through what checks: values(), row(), at(), matrix()
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
#endif
  Elements<T> values() { return {data_.get(), static_cast<std::size_t>(size())}; }
  Elements<const T> values() const { return {data_.get(), static_cast<std::size_t>(size())}; }

  /// One element; as many indices as axes. @throws std::out_of_range
  template <std::integral... Index>
  T& at(Index... indices) {
    return data_.get()[offset<0>(indices...)];
  }
  template <std::integral... Index>
  const T& at(Index... indices) const {
    return data_.get()[offset<0>(indices...)];
  }

  /// The matrix of the last two axes, at fixed indices of all axes before them.
  /// @throws std::out_of_range
  template <std::integral... Index>
  ViewOf<T> matrix(Index... leading) {
    T* first = data_.get() + offset<2>(leading...);
    return {first, dim(-2), dim(-1), dim(-1)};
  }
  template <std::integral... Index>
  ConstViewOf<T> matrix(Index... leading) const {
    const T* first = data_.get() + offset<2>(leading...);
    return {first, dim(-2), dim(-1), dim(-1)};
  }

  /// The contiguous last axis, at fixed indices of all axes before it. @throws std::out_of_range
  template <std::integral... Index>
  Elements<T> row(Index... leading) {
    return {data_.get() + offset<1>(leading...), static_cast<std::size_t>(dim(-1))};
  }
  template <std::integral... Index>
  Elements<const T> row(Index... leading) const {
    return {data_.get() + offset<1>(leading...), static_cast<std::size_t>(dim(-1))};
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
    return a.shape_ == b.shape_ && std::ranges::equal(a.values(), b.values());
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

}  // namespace workbook
