#pragma once
/// Inputs of tests: random, different for every batch and head, the same in every run with the same seed.

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/checker/session.h"
#include "common/tensor/compare.h"

namespace workbook {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Standard normal elements.
inline Tensor random_normal(const Shape& shape, float stddev = 1) { return session().random().normal(shape, stddev); }

/// Normal with rare elements a hundred times larger.
inline Tensor random_outliers(const Shape& shape) { return session().random().outliers(shape); }

/// Rows around an offset of up to +-magnitude.
inline Tensor random_large_logits(const Shape& shape, float magnitude = 1000) {
  return session().random().large_logits(shape, magnitude);
}

/// A matrix that keeps the size of what it is multiplied with: [inputs, outputs].
inline Tensor random_projection(std::int64_t inputs, std::int64_t outputs) {
  return random_normal({inputs, outputs}, 1 / std::sqrt(static_cast<float>(inputs)));
}

/// A whole number in [low, high].
inline std::int64_t random_integer(std::int64_t low, std::int64_t high) {
  return session().random().integer(low, high);
}

/// x rounded to float16 or bfloat16, to the nearest, ties to even.
template <class T>
TensorOf<T> rounded_to(const Tensor& x) {
  TensorOf<T> result(x.shape());
  std::ranges::transform(x.values(), result.values().begin(), [](float value) { return T(value); });
  return result;
}

/// The same numbers as floats.
template <class T>
Tensor widened(const TensorOf<T>& x) {
  Tensor result(x.shape());
  std::ranges::transform(x.values(), result.values().begin(), [](T value) { return static_cast<float>(value); });
  return result;
}

/// One rounding to T has at most this relative error.
template <class T>
inline constexpr double kRoundoffOf = std::is_same_v<T, float16>    ? 0x1p-11
                                      : std::is_same_v<T, bfloat16> ? 0x1p-8
                                                                    : kUnitRoundoff;

/// x with `offset` added to every element.
inline Tensor plus(Tensor x, float offset) {
  for (float& value : x.values()) value += offset;
  return x;
}

/// A matrix in which every third entry is -inf, and so is all of the first, the last and a middle row.
inline Tensor with_masked_entries_and_rows(Tensor x) {
  const std::int64_t rows = x.dim(0), start = random_integer(0, 2);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < x.dim(1); ++j)
      if ((i + j + start) % 3 == 0 || i == 0 || i == rows / 2 || i == rows - 1) x.at(i, j) = -kInfinity;
  return x;
}

}  // namespace workbook
