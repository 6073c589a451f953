#pragma once
/// What a softmax kernel should return, and what one with a wrong idea returns.

#include "common/oracle/softmax.h"
#include "common/oracle/warp_softmax.h"
#include "copies.h"

namespace workbook::cuda_softmax {

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

/// Matches the softmax of each row of x, of whichever kernel. `sharing` threads share a row.
inline Matches is_softmax(const Tensor& x, int sharing) {
  constexpr int kExpUlps = 2;  // on a GPU; in the simulator expf is right to 1
  return matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1), kExpUlps))
      .but_not(
          [=] { return oracle::softmax_shuffled_down(x); },
          "only lane 0 knows what the shuffles have found: __shfl_down_sync hands values down to it, and every other "
          "lane goes on with what lies above itself. __shfl_xor_sync leaves the same number in every lane")
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
                   std::ranges::any_of(x.values(), [](float value) { return std::isnan(value); }) &&
                   std::ranges::count_if(got.values(), [](double value) { return std::isnan(value); }) < x.dim(1);
          },
          "a NaN was hidden: it makes every weight of its row NaN. Only a sum that is 0 tells of a masked row; a "
          "comparison such as sum > 0 is false for NaN, and fmaxf passes over it")
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
inline constexpr int sharing = kBlock;
template <>
inline constexpr int sharing<softmax_thread_per_row> = 1;
template <>
inline constexpr int sharing<softmax_warp_per_row> = kWarp;

template <auto F>
void check_softmax(const Tensor& x) {
  const Tensor y = student<F>(x);
  CHECK_THAT(y, is_softmax(x, sharing<F>));
  check_done_on_device(x, y);
}

}  // namespace workbook::cuda_softmax
