#pragma once
/// Seeded random tensors: the same seed gives the same numbers on every machine and library.

#include <cstdint>
#include <random>

#include "common/tensor/tensor.h"

namespace workbook {

/// A stream of random numbers. std::mt19937_64 is fixed by the standard; std's distributions are not, so the
/// transforms are our own.
class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}

  double uniform();                                           ///< in [0, 1), 53 random bits
  std::int64_t integer(std::int64_t low, std::int64_t high);  ///< in [low, high], both included
  double normal();                                            ///< mean 0, variance 1 (Box and Muller 1958)

  /// Independent standard normal elements.
  Tensor normal(const Shape& shape, float stddev = 1);

  /// Normal, but about one element in 64 is a hundred times larger: activations of real models have such outliers.
  Tensor outliers(const Shape& shape);

  /// Normal with standard deviation 1 around an offset drawn for each row of the last axis from +-magnitude: exp()
  /// overflows float unless the row's maximum is taken off first.
  Tensor large_logits(const Shape& shape, float magnitude = 1000);

 private:
  std::mt19937_64 bits_;
};

}  // namespace workbook
