#pragma once
/// Comparing what was computed with what was expected, so that a person sees where and how it differs.

#include <algorithm>
#include <string>
#include <vector>

#include "common/tensor/tensor.h"

namespace workbook {

/// Unit roundoff of float: one operation's relative error is at most this.
inline constexpr double kUnitRoundoff = 0x1p-24;

/// A value is right if |got - expected| <= absolute + relative |expected|.
struct Tolerance {
  double absolute = 0;
  double relative = 0;
  std::string reason;      ///< shown with the limit: where it comes from
  bool every_bit = false;  ///< and 0 differs from -0
};

/// Every bit counts: for copies. Which NaN it is does not count.
inline Tolerance exact(std::string reason = "a copy is exact") { return {0, 0, std::move(reason), true}; }

/// What `operations` roundings in a row can do to numbers of size `magnitude`: operations u magnitude. This is the
/// classical forward bound with gamma_n replaced by n u (Higham, Accuracy and Stability, section 3.1).
inline Tolerance rounding(double operations, double magnitude = 1) {
  return {operations * kUnitRoundoff * magnitude, 0, "rounding of float"};
}

/// `operations` roundings relative to each expected value.
inline Tolerance relative_rounding(double operations) {
  return {0, operations * kUnitRoundoff, "relative rounding of float"};
}

/// Where two tensors differ, and by how much.
struct Comparison {
  Shape got_shape;
  Shape expected_shape;
  std::vector<bool> bad;  ///< element by element; empty if the shapes differ
  std::int64_t bad_count = 0;
  std::int64_t first_bad = -1;
  double got = 0, expected = 0;             ///< at the first bad element
  double worst_error = 0, worst_limit = 0;  ///< at the element furthest beyond its limit (NaN counts as infinite)

  bool ok() const { return got_shape == expected_shape && bad_count == 0; }
};

/// NaN equals NaN and an infinity equals itself; otherwise the tolerance decides. 0 equals -0 unless every bit counts.
Comparison compare(const Tensor64& got, const Tensor64& expected, const Tolerance& tolerance);

/// Whether no element could tell twice or half of it from itself: the tolerance is so wide that the comparison hardly
/// asks anything. Where no element is a number but 0, NaN or infinite, that says nothing about the tolerance.
bool too_wide(const Tolerance& tolerance, const Tensor64& expected);

/// The elements as double, which holds each of our types exactly (int64_t up to 2^53).
template <class T>
Tensor64 to_double(const TensorOf<T>& tensor) {
  Tensor64 result(tensor.shape());
  std::ranges::transform(tensor.values(), result.values().begin(), [](T x) { return static_cast<double>(x); });
  return result;
}

/// The elements rounded to float.
Tensor to_float(const Tensor64& tensor);

/// "(batch, head, row, column) (0, 1, 0, 3)": an element's place, its axes named by the rank.
std::string place(const Shape& shape, std::int64_t element);

/// One paragraph: where it goes wrong first, the worst error and its limit, how many values are wrong.
std::string explain(const Comparison& comparison, const Tolerance& tolerance);

/// A small picture of where the errors are: which heads, and a map of rows by columns of the first bad head. Empty
/// when there is nothing to see: a few values, one column, everything wrong, or different shapes.
std::string picture(const Comparison& comparison);

/// A number as messages show it: the shortest digits that name a float, nine for other numbers, "-inf", "nan".
std::string show(double value);

}  // namespace workbook
