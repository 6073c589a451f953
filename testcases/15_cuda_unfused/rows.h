#pragma once
/// What scale, mask and softmax should make of the scores, and what goes wrong.

#include "common/oracle/softmax.h"
#include "common/oracle/warp_softmax.h"
#include "scores.h"

namespace workbook::cuda_unfused {

/// Matches scale * scores.
inline Matches is_scaled(const Tensor& scores, float scale) {
  const auto times = [=](double factor) {
    Tensor64 result = to_double(scores);
    for (double& x : result.values()) x *= factor;
    return result;
  };
  return matches(times(scale), relative_rounding(1))
      .but_not([=] { return times(1); }, "the scores are as they were")
      .but_not([=] { return times(1 / scale); }, "divided: the scale is a factor")
      .but_not([=] { return times(scale * scale); },
               "multiplied twice: does more than one thread have the same score?");
}

/// The matrix with f(query, key, score) in every place.
template <class F>
Tensor64 each_score(const Tensor& scores, F f) {
  Tensor64 result = to_double(scores);
  for (std::int64_t h = 0; h < scores.dim(0); ++h)
    for (std::int64_t i = 0; i < scores.dim(1); ++i)
      for (std::int64_t j = 0; j < scores.dim(2); ++j) result.at(h, i, j) = f(i, j, result.at(h, i, j));
  return result;
}

/// Matches the scores with -inf where a causal query does not see the key.
inline Matches is_masked(const Tensor& scores) {
  const std::int64_t shift = scores.dim(2) - scores.dim(1);
  const auto hidden_by = [&](auto hides, double value = -std::numeric_limits<double>::infinity()) {
    return [=] { return each_score(scores, [=](auto i, auto j, double x) { return hides(i, j) ? value : x; }); };
  };
  const auto right = [=](std::int64_t i, std::int64_t j) { return j > i + shift; };
  return matches(hidden_by(right)(), exact())
      .but_not(hidden_by([](auto, auto) { return false; }), "nothing is masked")
      .but_not(
          hidden_by([](auto i, auto j) { return j > i; }),
          "the causal mask is aligned at the start. The queries are the last q_len of kv_len positions: query i sees "
          "key j if j <= i + kv_len - q_len")
      .but_not(hidden_by([=](auto i, auto j) { return j >= i + shift; }),
               "a query sees the key at its own position, too")
      .but_not(hidden_by([=](auto i, auto j) { return j > i + shift + 1; }),
               "a query sees the key behind its own position: the mask is off by one")
      .but_not(hidden_by([=](auto i, auto j) { return j <= i + shift; }), "turned around: what is hidden was kept")
      .but_not(hidden_by(right, 0),
               "hidden scores became 0. To a softmax that is a score like any other: e^0 is 1. Only -inf has no weight")
      .but_not(
          hidden_by(right, -1e9f),
          "hidden scores became -1e9. That is a number: a query that sees nothing has only these, they are all alike, "
          "and it attends to every key that it must not see. Only -INFINITY is safe")
      .but_if(
          [=](const Tensor64& got) {
            if (got.shape() != scores.shape() || scores.dim(0) < 2) return false;
            const Tensor64 expected = hidden_by(right)();
            return std::equal(got.row(0, 0).begin(), got.row(0, 0).end(), expected.row(0, 0).begin());
          },
          "head 0 begins well, the rest is wrong: a query's number counts inside its head, n / kv_len % q_len");
}

/// Matches the softmax of every row.
inline Matches is_softmax(const Tensor& scores) {
  const Tensor64 expected = oracle::softmax(scores);
  return matches(expected, oracle::softmax_rounding(scores.dim(-1), 2))
      .but_not([=] { return to_double(scores); }, "the scores are as they were: was anything written back?")
      .but_if(
          has_nan,
          "NaN. A row that is fully masked has maximum -inf, and -inf - (-inf) is NaN; its sum is 0, and so is 0 / 0. "
          "Shift "
          "it by 0 and make it zeros. Or a logit was not shifted, and exp of it is inf")
      .but_not([=] { return oracle::softmax_shuffled_down(scores); },
               "only lane 0 knows what the shuffles have found: __shfl_down_sync hands values down to it. "
               "__shfl_xor_sync leaves the same number in every lane");
}

}  // namespace workbook::cuda_unfused
