#pragma once
/// Inputs of tests: random, different for every batch and head, the same in every run with the same seed.

#include <cmath>

#include "common/checker/session.h"

namespace workbook {

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

}  // namespace workbook
