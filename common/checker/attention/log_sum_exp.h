#pragma once
/// The log-sum-exp of every query's scores, and what people return in its place.

#include <memory>

#include "common/checker/attention/inputs.h"
#include "common/checker/matchers.h"
#include "common/oracle/attention_scores.h"
#include "common/oracle/softmax.h"

namespace workbook::attention_tests {

/// Matches the log-sum-exp of every query.
inline Matches has_log_sum_exp(const Inputs& in, Mask mask) {
  // Shared: every wrong formula below keeps hold of the scores, and they can be large.
  const auto scores = std::make_shared<const Tensor64>(oracle::attention_scores(in.q, in.k, formula(in, mask).visible));
  const Tensor64 expected = oracle::log_sum_exp(*scores);
  const auto n = static_cast<double>(in.kv_len());
  // The sum's relative error (n additions, log n of exponents) becomes an absolute one, as in lesson 01; a score's
  // error goes through as it is, and up to n rescalings add their own 4u each; the result is rounded once more.
  const Tolerance tolerance{2 * oracle::score_rounding(in.q, in.k) + (5 * n + 3 * std::log(n + 1) + 8) * kUnitRoundoff,
                            3 * kUnitRoundoff, "rounding of the scores and of their sum"};
  const auto changed = [scores, expected](auto f) {
    return [scores, expected, f] {
      Tensor64 result = expected;
      for (std::int64_t i = 0; i < result.size(); ++i) {
        const auto row = scores->values().subspan(static_cast<std::size_t>(i * scores->dim(3)),
                                                  static_cast<std::size_t>(scores->dim(3)));
        if (std::isfinite(result.values()[i])) result.values()[i] = f(result.values()[i], std::ranges::max(row));
      }
      return result;
    };
  };
  const auto zero_lse = [expected](const Tensor64& got) {
    for (std::int64_t i = 0; got.size() == expected.size() && i < expected.size(); ++i)
      if (std::isinf(expected.values()[i]) && got.values()[i] == 0) return true;
    return false;
  };
  return matches(expected, tolerance)
      .but_not(changed([](double lse, double max) { return lse - max; }),
               "the maximum is missing: it was taken off the scores, so it is owed again behind the logarithm")
      .but_not(changed([](double, double max) { return max; }), "this is the maximum alone: log(sum) is missing")
      .but_not(changed([](double lse, double max) { return max + std::exp(lse - max); }),
               "the sum was added to the maximum without its logarithm")
      .but_not(changed([](double lse, double max) { return std::exp(lse - max); }),
               "this is the sum: the log-sum-exp is max + log(sum)")
      .but_not(changed([](double lse, double max) { return max + (lse - max) / std::log(2.0); }),
               "the logarithm is to base 2: it is the natural one that belongs to exp")
      .but_not([in] { return oracle::log_sum_exp(oracle::attention_scores(in.q, in.k)); },
               "this is the log-sum-exp over all keys: only those that the query sees count")
      .but_if(zero_lse,
              "0 where a query sees no key: the logarithm of an empty sum is -inf, which says that merging this part "
              "with another changes nothing")
      .but_if(has_nan,
              "NaN: for a query that sees no key, max and log(0) are both -inf, and their sum is -inf; only their "
              "difference, or a NaN maximum, is NaN");
}

}  // namespace workbook::attention_tests
