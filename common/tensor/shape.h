#pragma once
/// The shape of a tensor: up to five extents, outermost first.
///
/// Invariant: extents are >= 0 and their product fits in 63 bits.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>

namespace workbook {

inline constexpr int kMaxRank = 5;

class Shape {
 public:
  /// The shape of an empty tensor: [0].
  constexpr Shape() = default;

  /// @throws std::invalid_argument if there are no extents or more than kMaxRank, one is negative, or the product
  ///         does not fit in 63 bits.
  Shape(std::initializer_list<std::int64_t> extents) : Shape(std::span(extents.begin(), extents.size())) {}
  explicit Shape(std::span<const std::int64_t> extents);

  int rank() const { return rank_; }

  /// Number of elements: the product of the extents.
  std::int64_t size() const { return size_; }

  /// Extent of an axis; negative axes count from the end, so `shape[-1]` is the innermost.
  /// @throws std::out_of_range for an axis that is not there.
  std::int64_t operator[](int axis) const {
    const int positive = axis < 0 ? axis + rank_ : axis;
    if (positive < 0 || positive >= rank_) throw_no_such_axis(axis);
    return extents_[static_cast<std::size_t>(positive)];
  }

  std::span<const std::int64_t> extents() const { return {extents_.data(), static_cast<std::size_t>(rank_)}; }

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  [[noreturn]] void throw_no_such_axis(int axis) const;

  std::array<std::int64_t, kMaxRank> extents_{};
  int rank_ = 1;
  std::int64_t size_ = 0;
};

/// As messages show it: "[2, 8, 128, 64]".
std::string to_string(const Shape& shape);

}  // namespace workbook
