#pragma once
/// What scale, mask and softmax should make of the scores, and what goes wrong.

#include "common/checker/softmax_inputs.h"
#include "scores.h"

namespace workbook::cuda_unfused {

using namespace shared_softmax;

/// Matches scale * scores.
inline Matches is_scaled(const Tensor& scores, float scale) {
  const auto times = [=](double factor) {
    Tensor64 result = to_double(scores);
    for (double& x : result.values()) x *= factor;
    return result;
  };
  Matches matcher = matches(times(scale), relative_rounding(1));
  for (const std::int64_t first : {128, 256, 512, 1024, 2048, 4096, 8192})
    if (first < scores.size())
      std::move(matcher).but_not(
          [=] {
            Tensor64 wrong = times(scale);
            for (std::int64_t n = first; n < scores.size(); ++n) wrong.values()[n] = scores.values()[n];
            return wrong;
          },
          fmt::format("only the first {} scores were multiplied: the number of blocks depends on the number of scores",
                      first));
  return std::move(matcher)
      .but_not([=] { return times(1); }, "the scores are as they were")
      .but_not([=] { return times(std::abs(scale)); }, "the sign of the scale is lost: any factor will do")
      .but_not([=] { return times(0); }, "zeros: the scores are multiplied by the scale, whatever it is")
      .but_not([=] { return times(1 / scale); }, "divided: the scale is a factor")
      .but_not([=] { return times(scale * scale); },
               "multiplied twice: does more than one thread have the same score?");
}

/// The matrix with f(head, query, key, score) in every place.
template <class F>
Tensor64 each_score(const Tensor& scores, F f) {
  Tensor64 result = to_double(scores);
  for (std::int64_t h = 0; h < scores.dim(0); ++h)
    for (std::int64_t i = 0; i < scores.dim(1); ++i)
      for (std::int64_t j = 0; j < scores.dim(2); ++j) result.at(h, i, j) = f(h, i, j, result.at(h, i, j));
  return result;
}

/// Matches the scores with -inf where a causal query does not see the key.
inline Matches is_masked(const Tensor& scores) {
  const std::int64_t q_len = scores.dim(1), shift = scores.dim(2) - q_len;
  const auto hidden_by = [&](auto hides, double value = -std::numeric_limits<double>::infinity()) {
    return [=] { return each_score(scores, [=](auto, auto i, auto j, double x) { return hides(i, j) ? value : x; }); };
  };
  const auto right = [=](std::int64_t i, std::int64_t j) { return j > i + shift; };
  Matches matcher = matches(hidden_by(right)(), exact());
  for (const float value : {-1e4f, -1e5f, -1e6f, -1e9f, -1e10f, -1e20f, -1e30f, std::numeric_limits<float>::lowest()})
    std::move(matcher).but_not(
        hidden_by(right, value),
        fmt::format(
            "hidden scores became {:g}. That is a number: a query that sees nothing has only these, they are all "
            "alike, and it attends to every key that it must not see. Only -INFINITY is safe",
            value));
  return std::move(matcher)
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
          [=] {
            return each_score(scores, [=](auto h, auto i, auto j, double x) {
              return j > h * q_len + i + shift ? -std::numeric_limits<double>::infinity() : x;
            });
          },
          "head 0 is right, and in the others too little is hidden: a query's number counts inside its head, n / "
          "kv_len "
          "% q_len");
}

/// Calls softmax_rows with a matrix, as the scores of `heads` heads. @returns what it leaves, as a matrix
inline Tensor softmax_of(const Tensor& rows, std::int64_t heads = 1) {
  Tensor scores = rows.reshaped({heads, rows.dim(0) / heads, rows.dim(1)});
  student<softmax_rows>(scores, {});
  return scores.reshaped(rows.shape());
}

/// Matches the softmax of every row of a matrix.
inline Matches is_softmax(const Tensor& rows) {
  constexpr int kWarp = 32;
  return but_not_another_softmax(
      matches(oracle::softmax(rows), oracle::softmax_rounding(rows.dim(1), 2))
          .but_not([=] { return rows; }, "the scores are as they were: was anything written back?"),
      rows, kWarp);
}

}  // namespace workbook::cuda_unfused
