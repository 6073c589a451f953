#include "common/tensor/random.h"

#include <cmath>
#include <numbers>

namespace workbook {

double Random::uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }

std::int64_t Random::integer(std::int64_t low, std::int64_t high) {
  if (low > high) throw std::invalid_argument("[Random] expected low <= high");
  const auto count = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  const std::uint64_t drawn = count == 0 ? bits_() : bits_() % count;  // the bias is below 2^-40 for our ranges
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn);
}

double Random::normal() {
  const double radius = std::sqrt(-2 * std::log1p(-uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

Tensor Random::normal(const Shape& shape, float stddev) {
  Tensor result(shape);
  for (float& x : result.values()) x = stddev * static_cast<float>(normal());
  return result;
}

Tensor Random::outliers(const Shape& shape) {
  Tensor result(shape);
  for (float& x : result.values()) x = static_cast<float>(normal()) * (integer(0, 63) == 0 ? 100.f : 1.f);
  return result;
}

Tensor Random::large_logits(const Shape& shape, float magnitude) {
  Tensor result(shape);
  const std::int64_t row = shape[-1];
  float offset = 0;
  for (std::int64_t i = 0; i < result.size(); ++i) {
    if (i % row == 0) offset = magnitude * static_cast<float>(2 * uniform() - 1);
    result.data()[i] = offset + static_cast<float>(normal());
  }
  return result;
}

}  // namespace workbook
