#pragma once
/// Rows of logits that tell right from wrong.

#include "common/checker/inputs.h"
#include "wrong_formulas.h"

namespace workbook::stable_softmax {

using wrong::kInfinity;

/// Normal logits rounded to multiples of 2^-13: adding or subtracting 1000 is then exact, so the shifted logits differ
/// from each other by exactly what they did before.
inline Tensor on_a_grid(const Shape& shape) {
  Tensor x = random_normal(shape, 2);
  for (float& value : x.values()) value = std::round(value * 0x1p13f) * 0x1p-13f;
  return x;
}

inline Tensor plus(Tensor x, float offset) {
  for (float& value : x.values()) value += offset;
  return x;
}

/// Every third entry is -inf, and so is all of the first, the last and a middle row.
inline Tensor with_masked_entries_and_rows(Tensor x) {
  const std::int64_t rows = x.dim(0), start = random_integer(0, 2);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < x.dim(1); ++j)
      if ((i + j + start) % 3 == 0 || i == 0 || i == rows / 2 || i == rows - 1) x.at(i, j) = -kInfinity;
  return x;
}

}  // namespace workbook::stable_softmax
