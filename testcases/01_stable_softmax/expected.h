#pragma once
/// Matchers of the three functions that know the mistakes people make.

#include "common/oracle/softmax.h"
#include "ideas.h"
#include "rows.h"
#include "tolerances.h"

namespace workbook::stable_softmax {

inline const std::string kNanMatters =
    "A NaN in the logits is a bug upstream: if it is turned into a number, nobody will ever find it";

/// Knows what becomes of a NaN or a +inf among the logits. `compute` as in but_not_another_idea, `nothing` is the
/// result of a masked row.
template <class Compute>
Matches but_not_a_hidden_nan(Matches right, const Tensor& x, Compute compute, const Tensor64& exact, double nothing) {
  const auto rows_where = [=](auto looks_so, double value) {
    Tensor64 result = exact;
    const std::int64_t width = exact.shape().rank() == 1 ? 1 : x.dim(1);
    for (std::int64_t i = 0; i < x.dim(0); ++i)
      for (std::int64_t j = 0; j < width && looks_so(x.row(i)); ++j) result.values()[i * width + j] = value;
    return result;
  };
  const auto has = [](Logits row) { return std::ranges::any_of(row, [](float v) { return std::isnan(v); }); };
  const auto at_most_masked = [](Logits row) { return wrong::largest(row) == -kInfinity; };
  const auto not_finite = [](Logits row) { return !std::isfinite(wrong::largest(row)); };
  return std::move(right)
      .but_not([=] { return rows_where(at_most_masked, nothing); },
               "a row with a NaN beside masked entries was taken for a masked row: a maximum passes over NaN. The sum "
               "of the exponentials knows better: ask whether that is 0. " +
                   kNanMatters)
      .but_not([=] { return rows_where(not_finite, nothing); },
               "a row whose maximum is not finite was taken for a masked row. " + kNanMatters)
      .but_not([=] { return rows_where(has, nothing); },
               "a row with a NaN was taken for a masked row. A comparison with NaN is false, so !(sum > 0) is true of "
               "NaN as well: ask whether the sum is 0. " +
                   kNanMatters)
      .but_not([=] { return compute(x, Idea{.skips_nan = true}); },
               "a NaN was left out as if it were masked. " + kNanMatters)
      .but_not(
          [=] {
            Tensor64 result = to_double(compute(x, Idea{.skips_nan = true}));
            for (std::int64_t i = 0; i < x.size() && result.size() == x.size(); ++i)
              if (std::isnan(x.values()[i])) result.values()[i] = std::nan("");
            return result;
          },
          "the NaN stands at its own place alone, and was left out of its row's sum. The whole row is NaN: nobody "
          "knows "
          "how much it has to share. " +
              kNanMatters)
      .but_not([=] { return Tensor64(exact.shape(), std::nan("")); },
               "all rows are NaN. A NaN spoils its own row, and rows are independent");
}

inline const std::string kExpOfEigen =
    "exp(-inf) is not 0 here: Eigen's exp() of arrays ends at exp(-88.7) = 3e-39, and a masked row becomes a quotient "
    "of such crumbs. std::exp gives 0";

/// Adds to a matcher of softmax(x) what people compute instead.
inline Matches but_not_another_softmax(Matches right, const Tensor& x) {
  std::move(right)
      .but_not([=] { return wrong::shifted_by_minus_infinity(x); },
               "fully masked rows are NaN. Two roads lead there: the maximum is -inf, and -inf - (-inf) is "
               "NaN; or every exponential is 0, and 0 / 0 is NaN. Shift such a row by something finite, and "
               "don't divide by a sum of 0: a query that may look at nothing gets weights 0")
      .but_not([=] { return wrong::shifted_in_eigen(x); }, kExpOfEigen)
      .but_not([=] { return wrong::masked_rows_uniform(x); },
               "fully masked rows came out uniform: a query that may look at nothing now looks at everything "
               "alike, at keys it must not see. Its weights are 0")
      .but_not([=] { return wrong::exp_of_difference_to_log_sum_exp(x); },
               "right idea, wrong order: the log-sum-exp of a row near 1000 is rounded, because floats are 6e-5 "
               "apart there, and exp(x - lse) turns that rounding into the error you see. Take off the maximum, "
               "which is a logit and therefore exact, and divide by the sum")
      .but_not([=] { return wrong::undivided(x); },
               "the exponentials were not divided by their sum: the weights of a row add up to 1");
  if (x.dim(1) > 1)
    std::move(right)
        .but_not([=] { return wrong::over_columns(x); },
                 "these are softmaxes of the columns. Each row is one query's logits: add along the row")
        .but_not([=] { return oracle::log_softmax(x); }, "these are the logarithms of the weights");
  right = but_not_another_idea(std::move(right), x, softmax_by);
  for (const float threshold : {1e-3f, 1e-4f, 1e-5f, 1e-6f, 1e-7f, 1e-8f, 1e-9f, 1e-10f, 1e-12f, 1e-20f, 1e-30f})
    std::move(right).but_not(
        [=] {
          Tensor64 weights = oracle::softmax(x);
          for (double& weight : weights.values())
            if (weight < threshold) weight = 0;
          return weights;
        },
        "small weights came out as 0. Every float from 1e-38 on is a weight: only what underflows may be 0");
  std::move(right).but_not([=] { return wrong::over_everything(x); },
                           "all weights together add up to 1. Every row is a softmax of its own, with its own sum");
  return but_not_a_hidden_nan(std::move(right), x, softmax_by, oracle::softmax(x), 0);
}

/// What softmax(x) is; 0 where no float is as small.
inline Tensor64 weights_of(const Tensor& x) {
  Tensor64 weights = oracle::softmax(x);
  for (double& weight : weights.values())
    if (weight < 0x1p-150) weight = 0;
  return weights;
}

/// Matches softmax(x).
inline Matches are_weights(const Tensor& x) {
  return but_not_another_softmax(matches(weights_of(x), oracle::softmax_rounding(x.dim(1))), x);
}

/// Adds to a matcher of log_sum_exp(x) what people compute instead.
inline Matches but_not_another_log_sum(Matches right, const Tensor& x) {
  const auto if_masked = [=](float value) {
    return [=] {
      return wrong::reduce(x, [=](auto row) {
        const float m = wrong::largest(row);
        return m == -kInfinity ? value : m == kInfinity ? m : wrong::rounded_log_sum_exp(row);
      });
    };
  };
  const auto log_sum = [](Logits row) { return std::log(wrong::sum_of_exponentials(row, wrong::largest(row))); };
  std::move(right)  // of masked rows alone, all that follows is NaN as well
      .but_not(if_masked(std::nanf("")),
               "fully masked rows are NaN: their maximum is -inf, and -inf - (-inf) is NaN. With a finite shift in "
               "its place the sum is 0 and log(0) is the -inf that is wanted")
      .but_not([=] { return wrong::reduce(x, [](auto row) { return wrong::largest(row); }); },
               "this is the maximum alone. The other logits add log(sum of exp(x - m)), up to log(cols)")
      .but_not([=] { return wrong::reduce(x, log_sum); },
               "the maximum was taken off and never added back: log(sum of exp(x)) = m + log(sum of exp(x - m))")
      .but_not([=] { return wrong::reduce(x, [=](auto row) { return log_sum(row) - wrong::largest(row); }); },
               "the maximum was subtracted where it has to be added back: log(sum of exp(x)) = m + log(sum of "
               "exp(x - m))")
      .but_not([=] { return wrong::reduce(x, [=](auto row) { return wrong::largest(row) + std::exp(log_sum(row)); }); },
               "the sum was added as it is: its logarithm is missing")
      .but_not([=] { return wrong::log_sum_exp_in_eigen(x); }, kExpOfEigen)
      .but_not(if_masked(0),
               "fully masked rows gave 0, which is the log-sum-exp of a row with one logit 0. A row without any has "
               "-inf: merging it with another must change nothing");
  for (const float low :
       {std::numeric_limits<float>::lowest(), -3e38f, -1e38f, -1e30f, -1e20f, -1e10f, -1e9f, -1e6f, -1e5f, -1e4f})
    std::move(right).but_not(if_masked(low),
                             "fully masked rows gave a large negative number. They have the logarithm of 0, "
                             "which is -inf");
  right = but_not_another_idea(std::move(right), x, log_sum_exp_by);
  return but_not_a_hidden_nan(std::move(right), x, log_sum_exp_by, oracle::log_sum_exp(x), -kInfinity)
      .but_not(
          [=] {
            Tensor64 sums = oracle::log_sum_exp(x);
            for (double& sum : sums.values())
              if (sum == kInfinity) sum = std::nan("");
            return sums;
          },
          "a row with +inf is NaN: inf - inf. Its log-sum-exp is +inf: take off something finite where the maximum is "
          "not");
}

/// Matches log_sum_exp(x).
inline Matches are_log_sums(const Tensor& x) {
  return but_not_another_log_sum(matches(oracle::log_sum_exp(x), logarithm_tolerance(x.dim(1))), x);
}

/// Masked entries: those of fully masked rows, those beside others, or both.
enum class Masked { whole, entries, all };

/// Adds to a matcher of log_softmax(x) what people compute instead.
inline Matches but_not_another_log_softmax(Matches right, const Tensor& x) {
  const auto each = [=](auto f) {
    return [=] {
      return wrong::map(x, [=](auto row, float value) {
        const float m = wrong::largest(row);
        return f(value, m, wrong::sum_of_exponentials(row, m));
      });
    };
  };
  const auto at_masked = [=](Masked rows, double low) {
    return [=] {
      Tensor64 result = oracle::log_softmax(x);
      for (std::int64_t i = 0; i < x.dim(0); ++i)
        for (std::int64_t j = 0; j < x.dim(1); ++j)
          if (std::isinf(result.at(i, j)) && (rows != Masked::whole || wrong::largest(x.row(i)) == -kInfinity) &&
              (rows != Masked::entries || wrong::largest(x.row(i)) > -kInfinity))
            result.at(i, j) = low;
      return result;
    };
  };
  if (wrong::largest(x.values()) > -kInfinity)  // else all are 0, which may be something else
    std::move(right).but_not([=] { return oracle::softmax(x); }, "these are the weights: their logarithm is asked for");
  std::move(right)
      .but_not(at_masked(Masked::whole, std::nan("")),
               "fully masked rows are NaN, from -inf - (-inf). Their weights are 0, whose logarithm is -inf")
      .but_not(each([](float value, float m, float sum) { return std::log(std::exp(value - m) / sum); }),
               "this is log(softmax(x)): the softmax has already underflowed to 0, and log(0) is -inf. Take the "
               "logarithm of the quotient on paper first, and the exponential disappears")
      .but_not(each([](float value, float m, float sum) { return (value - m) - sum; }),
               "the sum was subtracted as it is: its logarithm is missing")
      .but_not(each([](float value, float m, float sum) { return (value - m) + std::log(sum); }),
               "the logarithm of the sum was added: that of a quotient is a difference, (x - m) - log(sum)")
      .but_not(each([](float value, float, float sum) { return value - std::log(sum); }),
               "the maximum was taken off in the sum alone: (x - m) - log(sum)")
      .but_not(each([](float value, float m, float) { return value - m; }), "log(sum) is missing: this is x - m alone")
      .but_not([=] { return wrong::difference_to_log_sum_exp(x); },
               "this is x - log_sum_exp(x). In a fully masked row both are -inf, and -inf - (-inf) is NaN: it is "
               "-inf throughout. And near 1000, where floats are 6e-5 apart, adding log(sum) to m has rounded most "
               "of it away. Subtract m from x first, then log(sum): m never needs to meet it")
      .but_not(at_masked(Masked::whole, 0),
               "fully masked rows are 0, as if their weights were 1. Their weights are 0, whose logarithm is -inf");
  for (const float low : {std::numeric_limits<float>::lowest(), -1e30f, -1e9f, -1e4f})
    for (const Masked rows : {Masked::all, Masked::entries})
      std::move(right).but_not(at_masked(rows, low),
                               "masked entries have a large negative number. The logarithm of 0 is -inf");
  for (const float epsilon : {1e-5f, 1e-6f, 1e-7f, 1e-8f, 1e-10f, 1e-12f, 1e-20f, 1e-30f, 1e-38f})
    std::move(right).but_not(
        each([=](float value, float m, float sum) { return std::log(std::exp(value - m) / sum + epsilon); }),
        "something small was added to the weights before the logarithm: results end at its logarithm. Take the "
        "logarithm of the quotient on paper first: nothing underflows, and nothing needs to be added");
  right = but_not_another_idea(std::move(right), x, log_softmax_by);
  return but_not_a_hidden_nan(std::move(right), x, log_softmax_by, oracle::log_softmax(x), -kInfinity);
}

/// Matches log_softmax(x).
inline Matches are_log_weights(const Tensor& x) {
  return but_not_another_log_softmax(matches(oracle::log_softmax(x), logarithm_tolerance(x.dim(1))), x);
}

}  // namespace workbook::stable_softmax
