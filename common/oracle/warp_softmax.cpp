#include "common/oracle/warp_softmax.h"

#include <array>
#include <cmath>
#include <limits>

namespace workbook::oracle {
namespace {

constexpr std::size_t kLanes = 32;
using Lanes = std::array<double, kLanes>;

/// Five steps of __shfl_down_sync: a lane above the last gives back what one has.
template <class Combine>
Lanes handed_down(Lanes lanes, Combine combine) {
  for (std::size_t distance = kLanes / 2; distance > 0; distance /= 2) {
    const Lanes before = lanes;
    for (std::size_t t = 0; t < kLanes; ++t)
      lanes[t] = combine(before[t], before[t + distance < kLanes ? t + distance : t]);
  }
  return lanes;
}

void shuffle_row_down(std::span<const float> row, double* result) {
  Lanes largest, sum{};
  largest.fill(-std::numeric_limits<double>::infinity());
  for (std::size_t j = 0; j < row.size(); ++j)
    largest[j % kLanes] = std::max(largest[j % kLanes], static_cast<double>(row[j]));
  largest = handed_down(largest, [](double a, double b) { return std::max(a, b); });
  const auto weight = [&](std::size_t j) {
    const double m = largest[j % kLanes];
    return std::exp(row[j] - (std::isfinite(m) ? m : 0));
  };
  for (std::size_t j = 0; j < row.size(); ++j) sum[j % kLanes] += weight(j);
  sum = handed_down(sum, [](double a, double b) { return a + b; });
  for (std::size_t j = 0; j < row.size(); ++j) result[j] = sum[j % kLanes] == 0 ? 0 : weight(j) / sum[j % kLanes];
}

}  // namespace

Tensor64 softmax_shuffled_down(const Tensor& x) {
  Tensor64 result(x.shape());
  const std::int64_t cols = x.dim(-1);
  for (std::int64_t first = 0; cols > 0 && first < x.size(); first += cols)
    shuffle_row_down({x.data() + first, static_cast<std::size_t>(cols)}, result.data() + first);
  return result;
}

}  // namespace workbook::oracle
