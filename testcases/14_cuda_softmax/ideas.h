#pragma once
/// The softmax of a kernel with a wrong idea, in float as a kernel has it.

#include <cmath>
#include <limits>
#include <vector>

#include "common/checker/student.h"

namespace workbook::cuda_softmax {

inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Who knows what the halvings have found.
enum class Known {
  to_all,       ///< all threads that share the row: they swapped, or read word 0
  to_word_zero  ///< word 0 alone, and each thread goes on with its own word
};

/// How the `sharing` threads of a row combine what they have found.
struct Meeting {
  int from = 0, to = 1;  ///< the first distance and the last one, 0 for no halving at all
  float (*combine)(float, float) = nullptr;
  Known known = Known::to_all;

  void operator()(std::vector<float>& values) const {
    const auto threads = static_cast<int>(values.size());
    for (int distance = from; distance >= to && distance > 0; distance /= 2) {
      const std::vector<float> before = values;
      for (int t = 0; t < threads; ++t) {
        const int other = known == Known::to_all ? t ^ distance : t + distance;
        if (known == Known::to_all || t < distance) values[t] = combine(before[t], before[other]);
      }
    }
    if (known == Known::to_all && threads > 32 && from > 0) values.assign(values.size(), values[0]);
  }
};

struct Idea {
  explicit Idea(int sharing) : sharing(sharing) {}

  int sharing;  ///< threads of a row: thread t has columns t, t + sharing, ...
  float lowest = -kInfinity;
  Meeting maxima{sharing / 2, 1, [](float a, float b) { return std::fmax(a, b); }};
  Meeting sums{sharing / 2, 1, [](float a, float b) { return a + b; }};
  float (*size)(float) = [](float x) { return x; };              ///< of which the maximum is taken
  float (*of_sum)(float) = [](float x) { return std::exp(x); };  ///< the exponential, in the sum
  float (*of_weight)(float) = [](float x) { return std::exp(x); };
  bool shifted = true, sum_shifted = true, first_is_largest = false;
  bool masked_by_maximum = false, masked_unless_positive = false;   ///< else a sum of 0 says that a row is masked
  float masked = 0;                                                 ///< the weights of a masked row
  float added = 0;                                                  ///< to the sum
  std::int64_t columns = std::numeric_limits<std::int64_t>::max();  ///< that count

  std::vector<float> maxima_of(std::span<const float> row) const {
    std::vector<float> largest(sharing, lowest);
    for (std::int64_t j = 0; j < std::min(columns, std::ssize(row)); ++j)
      largest[j % sharing] = std::fmax(largest[j % sharing], size(row[j]));
    maxima(largest);
    if (first_is_largest) largest.assign(sharing, row[0]);
    return largest;
  }

  void weigh(std::span<const float> row, std::span<float> weights) const {
    const std::vector<float> largest = maxima_of(row);
    const auto exponent = [&](std::int64_t j) {
      const float shift = largest[j % sharing];
      return shifted && std::isfinite(shift) ? row[j] - shift : row[j];
    };
    std::vector<float> sum(sharing);
    for (std::int64_t j = 0; j < std::min(columns, std::ssize(row)); ++j)
      sum[j % sharing] += of_sum(sum_shifted ? exponent(j) : row[j]);
    sums(sum);
    for (std::int64_t j = 0; j < std::ssize(row); ++j) {
      const float all = sum[j % sharing] + added;
      const bool is_masked = masked_by_maximum        ? largest[j % sharing] == -kInfinity
                             : masked_unless_positive ? !(all > 0)
                                                      : all == 0;
      weights[j] = is_masked ? masked : of_weight(exponent(j)) / all;
    }
  }
};

inline Tensor softmax_with(const Tensor& x, const Idea& idea) {
  Tensor result(x.shape());
  if (x.size() > 0)
    for (std::int64_t i = 0; i < x.dim(0); ++i) idea.weigh(x.row(i), result.row(i));
  return result;
}

inline Tensor transposed(const Tensor& x) {
  Tensor result({x.dim(1), x.dim(0)});
  for (std::int64_t i = 0; i < x.dim(0); ++i)
    for (std::int64_t j = 0; j < x.dim(1); ++j) result.at(j, i) = x.at(i, j);
  return result;
}

/// A NaN is taken for -inf: it has no weight, and nobody else notices it.
inline Tensor without_nan(Tensor x) {
  for (float& value : x.values())
    if (std::isnan(value)) value = -kInfinity;
  return x;
}

}  // namespace workbook::cuda_softmax
