#pragma once
/// What a softmax kernel should return, and what one with a wrong idea returns.

#include "common/oracle/softmax.h"
#include "copies.h"

namespace workbook::cuda_softmax {

/// A weight's error, as in lesson 01: n + log n + 2 roundings of the sum, |d| + 2 of its own exponential with |d| <= 88
/// for a normal number, 1 of the division. expf is right to 1 ulp in the simulator and to 2 on a GPU.
inline Tolerance weight_tolerance(std::int64_t cols) {
  const auto n = static_cast<double>(cols);
  return {0x1p-126, (n + std::log(n + 1) + 88 + 12) * kUnitRoundoff, "rounding of " + std::to_string(cols) + " terms"};
}

/// Softmax in float with shift and sum taken over the columns for which counts(j) holds, and the maximum no lower than
/// `lowest`: what comes out if some threads' results are left out.
template <class Counts>
Tensor softmax_over(const Tensor& x, Counts counts, float lowest = -kInfinity) {
  Tensor result(x.shape());
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    float largest = lowest, sum = 0;
    for (std::int64_t j = 0; j < x.dim(1); ++j)
      if (counts(j)) largest = std::max(largest, x.at(i, j));
    const float shift = std::isfinite(largest) ? largest : 0;
    for (std::int64_t j = 0; j < x.dim(1); ++j)
      if (counts(j)) sum += std::exp(x.at(i, j) - shift);
    for (std::int64_t j = 0; j < x.dim(1); ++j) result.at(i, j) = sum == 0 ? 0 : std::exp(x.at(i, j) - shift) / sum;
  }
  return result;
}

/// Whether columns 0, 32, 64, ... are right and most others are not: those of lane 0.
inline bool lane_zero_alone(const Tensor64& got, const Tensor64& expected) {
  if (got.shape() != expected.shape() || got.dim(1) < 2) return false;
  std::int64_t wrong_others = 0;
  for (std::int64_t i = 0; i < got.dim(0); ++i)
    for (std::int64_t j = 0; j < got.dim(1); ++j) {
      const bool near = std::abs(got.at(i, j) - expected.at(i, j)) <= 1e-4 * expected.at(i, j) + 1e-30;
      if (j % kWarp == 0 && !near) return false;
      wrong_others += j % kWarp != 0 && !near;
    }
  return wrong_others > 0;
}

/// Matches the softmax of each row of x, of whichever kernel. `sharing` threads share a row.
inline Matches is_softmax(const Tensor& x, int sharing) {
  const Tensor64 expected = oracle::softmax(x);
  const std::int64_t rows_of_block = kBlock / sharing;
  return but_not_lost_on_the_way(matches(expected, weight_tolerance(x.dim(1))), expected,
                                 x.dim(0) / rows_of_block * rows_of_block * x.dim(1))
      .but_if([=](const Tensor64& got) { return sharing == kWarp && lane_zero_alone(got, expected); },
              "columns 0, 32, 64, ... are right, the others are not: only lane 0 knows the result of the shuffles. "
              "__shfl_down_sync hands values down to it; __shfl_xor_sync leaves the result in every lane")
      .but_not(
          [=] {
            return softmax_over(
                x, [](auto) { return true; }, 0);
          },
          "all is wrong where the logits are negative: a maximum began at 0, or a thread without columns brought 0 to "
          "it. What changes no maximum is -INFINITY")
      .but_not([=] { return softmax_over(x, [=](auto j) { return j < sharing; }); },
               "each thread has taken a single column of the row: it goes on to the next, as far away as there are "
               "threads that share the row")
      .but_if(
          [x](const Tensor64& got) {
            return got.shape() == x.shape() &&
                   std::ranges::any_of(got.values(), [](double value) { return std::isnan(value); }) &&
                   std::ranges::none_of(x.values(),
                                        [](float value) { return std::isnan(value) || value == kInfinity; });
          },
          "NaN. Three roads lead there: exp of a logit that was not shifted by its row's maximum is inf, and inf / "
          "inf; "
          "-inf - (-inf), where all of a row is masked and its maximum is -inf; and 0 / 0 in the same row");
}

/// How many threads share a row in F.
template <auto F>
inline constexpr int sharing = F == softmax_thread_per_row ? 1
                               : F == softmax_warp_per_row ? kWarp
                                                           : kBlock;

template <auto F>
void check_softmax(const Tensor& x) {
  CHECK_THAT(student<F>(x), is_softmax(x, sharing<F>));
}

}  // namespace workbook::cuda_softmax
