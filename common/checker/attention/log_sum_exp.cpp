#include "common/checker/attention/log_sum_exp.h"

#include <memory>

#include "common/oracle/attention_scores.h"
#include "common/oracle/softmax.h"

namespace workbook::attention_tests {

namespace {

/// Whether finite numbers stand just where `expected` is -inf.
bool differs_only_where_blind(const Tensor64& got, const Tensor64& expected) {
  bool differs = false;
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    const double x = got.values()[i], right = expected.values()[i];
    if (std::isinf(right) ? !std::isfinite(x) && x != right : std::abs(x - right) > 1e-3 * (1 + std::abs(right)))
      return false;
    differs = differs || std::isfinite(x) != std::isfinite(right);
  }
  return differs;
}

}  // namespace

Matches has_log_sum_exp(const Inputs& in, Mask mask) {
  // Shared: every wrong formula below keeps hold of the scores, and they can be large.
  const auto scores = std::make_shared<const Tensor64>(oracle::attention_scores(in.q, in.k, formula(in, mask).visible));
  const Tensor64 expected = oracle::log_sum_exp(*scores);
  const auto n = static_cast<double>(in.kv_len());
  // The sum's relative error (n additions, log n of exponents) becomes an absolute one, as in lesson 01; a score's
  // error goes through as it is, and up to n rescalings add their own 4u each; the result is rounded once more.
  // The sum may be one of weights that were rounded, which are at most so much too large.
  const Tolerance tolerance{
      2 * oracle::score_rounding(in.q, in.k) + (5 * n + 3 * std::log(n + 1) + 8) * kUnitRoundoff + in.narrow,
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
  const auto blind = [expected](double value) {
    return [expected, value] {
      Tensor64 result = expected;
      for (double& x : result.values())
        if (std::isinf(x)) x = value;
      return result;
    };
  };
  const auto scaled = [in, mask](double factor) {
    return [in, mask, factor] {
      Tensor64 wrong = oracle::attention_scores(in.q, in.k, formula(in, mask).visible);
      for (double& x : wrong.values()) x *= factor;
      return oracle::log_sum_exp(wrong);
    };
  };
  const double root = std::sqrt(static_cast<double>(in.q.dim(3)));
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
      .but_not(changed([](double lse, double) { return lse / std::log(2.0); }),
               "the log-sum-exp is in base 2: multiply it by log(2), the natural one belongs to exp")
      .but_not(changed([](double lse, double) { return lse / (std::log(2.0) * std::log(2.0)); }),
               "the log-sum-exp in base 2 was divided by log(2): multiply it by log(2), which is less than 1")
      .but_not(changed([](double lse, double max) { return max * std::log2(std::exp(1.0)) + lse - max; }),
               "the maximum is in base 2, the logarithm of the sum is natural: both are natural")
      .but_not(changed([](double lse, double) { return -lse; }), "the log-sum-exp has the wrong sign")
      .but_not(changed([](double lse, double) { return lse * lse; }), "the log-sum-exp is squared")
      .but_not(changed([](double lse, double max) { return lse - 2 * max; }),
               "the maximum was taken off the logarithm of the sum: it is to be added")
      .but_not(changed([](double lse, double) { return std::exp(lse); }),
               "this is the sum of exp(score): its logarithm is missing")
      .but_not(changed([root](double lse, double max) { return max * root + lse - max; }),
               "the maximum is that of the scores before they were scaled: it is the maximum of the scaled scores")
      .but_not(changed([](double lse, double max) { return lse + max; }), "the maximum was added twice")
      .but_not(scaled(root),
               "this is the log-sum-exp of scores that are not scaled: 1 / sqrt(head_dim) belongs to them, too")
      .but_not(scaled(1 / root), "this is the log-sum-exp of scores that were scaled twice, by 1 / head_dim")
      .but_not(scaled(std::log(2.0)), "the sum is one of powers of 2: exp, not exp2, belongs to the natural logarithm")
      .but_not(blind(0),
               "0 where a query sees no key: the logarithm of an empty sum is -inf, which says that merging this part "
               "with another changes nothing")
      .but_not([expected] { return Tensor64(expected.shape()); }, "all log-sum-exps are 0: nothing was stored")
      .but_not(blind(std::nan("")),
               "NaN where a query sees no key, and only there: max and log(0) are both -inf, and their sum is -inf; "
               "only their difference, or a NaN maximum, is NaN")
      .but_not(blind(std::numeric_limits<double>::infinity()), "+inf where a query sees no key: log(0) is -inf")
      .but_if([expected](const Tensor64& got) { return differs_only_where_blind(got, expected); },
              "a finite number stands where a query sees no key: the logarithm of an empty sum is -inf")
      .but_if(has_nan, "the log-sum-exp holds NaN. Is -inf - (-inf) computed for a query that sees no key, or 0 / 0?");
}

}  // namespace workbook::attention_tests
