#include "common/oracle/softmax.h"

#include <cmath>
#include <limits>

namespace workbook::oracle {
namespace {

using Row = std::span<const double>;

/// Calls f(row number, the row) for every row of the last axis.
template <class F>
void for_each_row(const Tensor64& x, F f) {
  const auto cols = static_cast<std::size_t>(x.dim(-1));
  std::int64_t rows = 1;
  for (int axis = 0; axis < x.shape().rank() - 1; ++axis) rows *= x.dim(axis);
  for (std::int64_t i = 0; i < rows; ++i) f(i, Row(x.data() + i * x.dim(-1), cols));
}

struct Sum {
  double shift = 0;  ///< the largest element if that is finite
  double sum = 0;    ///< sum of exp(x - shift)
};

Sum sum_of_exponentials(Row row) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const double x : row) largest = std::max(largest, x);
  Sum result{.shift = std::isfinite(largest) ? largest : 0};
  for (const double x : row) result.sum += std::exp(x - result.shift);
  return result;
}

/// Every element of x becomes f(element, its row's Sum).
template <class F>
Tensor64 map_rows(const Tensor64& x, F f) {
  Tensor64 result(x.shape());
  for_each_row(x, [&](std::int64_t i, Row row) {
    const Sum total = sum_of_exponentials(row);
    for (std::size_t j = 0; j < row.size(); ++j)
      result.data()[i * x.dim(-1) + static_cast<std::int64_t>(j)] = f(row[j], total);
  });
  return result;
}

}  // namespace

Tensor64 log_sum_exp(const Tensor64& x) {
  auto extents = x.shape().extents();
  extents = extents.first(extents.size() - 1);
  Tensor64 result(extents.empty() ? Shape({1}) : Shape(extents));
  for_each_row(x, [&](std::int64_t i, Row row) {
    const Sum total = sum_of_exponentials(row);
    result.data()[i] = total.shift + std::log(total.sum);
  });
  return result;
}

Tensor64 softmax(const Tensor64& x) {
  return map_rows(
      x, [](double value, Sum total) { return total.sum == 0 ? 0 : std::exp(value - total.shift) / total.sum; });
}

Tolerance softmax_rounding(std::int64_t n, int exp_ulps) {
  const double terms = static_cast<double>(n) + std::log(static_cast<double>(n + 1));
  return {0x1p-126, (terms + 88 + 4 + 4 * exp_ulps) * kUnitRoundoff,
          "rounding of " + std::to_string(n) + (n == 1 ? " term" : " terms")};
}

Tensor64 log_softmax(const Tensor64& x) {
  return map_rows(x, [](double value, Sum total) {
    return total.sum == 0 ? -std::numeric_limits<double>::infinity() : (value - total.shift) - std::log(total.sum);
  });
}

Tensor64 log_sum_exp(const Tensor& x) { return log_sum_exp(to_double(x)); }
Tensor64 softmax(const Tensor& x) { return softmax(to_double(x)); }
Tensor64 log_softmax(const Tensor& x) { return log_softmax(to_double(x)); }

}  // namespace workbook::oracle
