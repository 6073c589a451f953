#pragma once
/// Rows of logits that tell right from wrong.

#include <array>

#include "wrong_formulas.h"

namespace workbook::stable_softmax {

/// Normal logits rounded to multiples of 2^-13: adding or subtracting 1000 is then exact, so the shifted logits differ
/// from each other by exactly what they did before.
inline Tensor on_a_grid(const Shape& shape) {
  Tensor x = random_normal(shape, 2);
  for (float& value : x.values()) value = std::round(value * 0x1p13f) * 0x1p-13f;
  return x;
}

/// The rows of x, which are on a grid, at heights where every wrong shift shows another picture: near 0, where none
/// does; a little below -88, where exp() still has some bits; far above and far below.
inline Tensor at_all_heights(Tensor x) {
  constexpr std::array<float, 5> kHeights{0, -95, 80, -1000, 1000};
  for (std::int64_t i = 0; i < x.dim(0); ++i)
    for (float& value : x.row(i)) value += kHeights[static_cast<std::size_t>(i) % kHeights.size()];
  return x;
}

/// Four rows with one logit of 1000 above others of 500, at the front, in the middle, at the back; one with a single
/// logit below the others; one near 0.
inline Tensor with_one_logit_apart(std::int64_t cols) {
  Tensor x = plus(random_normal({5, cols}), 500);
  for (float& value : x.row(0)) value -= 500;  // before the higher ones
  x.at(1, 0) = x.at(2, cols / 2) = x.at(3, cols - 1) = 1000;
  x.at(4, cols / 2) = 300;
  return x;
}

/// A long row near 0, and one that rises to 250, so that its largest logit comes last.
inline Tensor long_rows(std::int64_t cols) {
  Tensor x = random_normal({2, cols});
  for (std::int64_t j = 0; j < cols; ++j) x.at(1, j) = 250 * static_cast<float>(j) / static_cast<float>(cols);
  return x;
}

/// Rows of equal logits, from -2000 down to the lowest float, one for each power of ten.
inline Tensor ever_lower_rows(std::int64_t cols) {
  Tensor x({37, cols}, std::numeric_limits<float>::lowest());
  for (std::int64_t i = 0; i < 36; ++i)
    for (float& value : x.row(i)) value = -2 * std::pow(10.f, static_cast<float>(i + 3));
  return x;
}

/// A NaN at the given column: among other logits, and among masked ones. The last row holds none.
inline Tensor with_nan(std::int64_t column) {
  Tensor x = random_normal({4, 5});
  for (float& value : x.row(1)) value = -kInfinity;
  x.at(1, column) = x.at(2, column) = std::nanf("");
  return x;
}

}  // namespace workbook::stable_softmax
