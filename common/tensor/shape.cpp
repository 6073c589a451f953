#include "common/tensor/tensor.h"

#include <algorithm>
#include <cstring>

#include "common/tensor/read_hook.h"

namespace workbook {

Shape::Shape(std::span<const std::int64_t> extents) {
  if (extents.empty() || extents.size() > kMaxRank)
    throw std::invalid_argument("[Shape] expected 1 to 5 extents; found " + std::to_string(extents.size()));
  rank_ = static_cast<int>(extents.size());
  std::copy(extents.begin(), extents.end(), extents_.begin());
  size_ = 1;
  for (const std::int64_t extent : extents) {
    if (extent < 0) throw std::invalid_argument("[Shape] extents must be >= 0; found " + to_string(*this));
    if (__builtin_mul_overflow(size_, extent, &size_))
      throw std::invalid_argument("[Shape] too many elements: " + to_string(*this));
  }
}

void Shape::throw_no_such_axis(int axis) const {
  throw std::out_of_range("[Shape] no axis " + std::to_string(axis) + " in " + to_string(*this));
}

namespace detail {

void throw_wrong_index_count(const Shape& shape, std::size_t found, int open) {
  throw std::out_of_range("[Tensor] shape " + to_string(shape) + " expects " + std::to_string(shape.rank() - open) +
                          " indices here; found " + std::to_string(found));
}

void throw_index_out_of_range(const Shape& shape, int axis, std::int64_t index) {
  throw std::out_of_range("[Tensor] index " + std::to_string(index) + " is outside axis " + std::to_string(axis) +
                          " of " + to_string(shape));
}

void throw_outside(const char* what, std::int64_t first, std::int64_t count, std::int64_t extent) {
  throw std::out_of_range("[" + std::string(what) + "] " + std::to_string(first) + " to " +
                          std::to_string(first + count - 1) + " were asked for; the view has " +
                          std::to_string(extent));
}

void copy_rows(const void* from, std::int64_t from_stride, void* to, std::int64_t to_stride, std::int64_t rows,
               std::int64_t row_bytes) {
  if (ReadHook hook = read_hook()) hook(from, static_cast<std::uint64_t>(rows * row_bytes));
  for (std::int64_t row = 0; row < rows; ++row)
    std::memcpy(static_cast<std::byte*>(to) + row * to_stride, static_cast<const std::byte*>(from) + row * from_stride,
                static_cast<std::size_t>(row_bytes));
}

void throw_cannot_assign(const Shape& from, const Shape& to) {
  throw std::invalid_argument("[View] a view " + to_string(to) + " cannot be assigned a view " + to_string(from));
}

}  // namespace detail

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t extent : shape.extents()) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

}  // namespace workbook
