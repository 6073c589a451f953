#pragma once
/// What softmax should return, and what it returns when somebody has one idea wrong.

#include <functional>
#include <memory>

#include "common/oracle/softmax.h"
#include "inputs.h"
#include "steps.h"

namespace workbook::scaled_dot_product {

/// How people compute a softmax in float; each member is one idea that is wrong.
struct Habits {
  std::function<float(const Tensor& x, Index at)> shift;  ///< of the row of `at`; empty: its largest score
  bool guarded = false;                                   ///< a row whose sum is 0 becomes zeros
  bool base_two = false;                                  ///< exp2 for exp
  bool sum_goes_on = false;                               ///< from row to row
  std::int64_t keys = -1;                                 ///< only so many are in the sum
  std::int64_t width = 1;                                 ///< keys are added so many at a time, the rest is left out
  float epsilon = 0;                                      ///< added to the sum
  bool skips_nan = false;                                 ///< as if it were hidden
};

inline float largest_of(std::span<const float> row, float start = -kInfinity) {
  for (const float x : row) start = std::max(start, x);
  return start;
}

inline Tensor softmax_with(const Tensor& x, const Habits& habits) {
  Tensor result(x.shape());
  float sum = 0;
  for_each_score({x.dim(0), x.dim(1), x.dim(2), 1}, [&](Index at) {
    const auto row = x.row(at[0], at[1], at[2]);
    const auto weights = result.row(at[0], at[1], at[2]);
    const float largest = habits.shift ? habits.shift(x, at) : largest_of(row);
    const float shift = habits.guarded && largest == -kInfinity ? 0 : largest;
    const auto kv_len = static_cast<std::int64_t>(row.size());
    const std::int64_t counted = habits.keys < 0 ? kv_len / habits.width * habits.width : std::min(habits.keys, kv_len);
    if (!habits.sum_goes_on) sum = 0;
    for (std::size_t j = 0; j < row.size(); ++j) {
      weights[j] = habits.skips_nan && std::isnan(row[j]) ? 0
                   : habits.base_two                      ? std::exp2(row[j] - shift)
                                                          : std::exp(row[j] - shift);
      if (static_cast<std::int64_t>(j) < counted) sum += weights[j];
    }
    for (float& weight : weights) weight = habits.guarded && sum == 0 ? 0 : weight / (sum + habits.epsilon);
  });
  return result;
}

/// Weights that add up to 1 over all heads, or all queries and keys.
inline Tensor64 softmax_over(const Tensor64& x, bool heads) {
  Tensor64 exponentials = x, sums({x.dim(0), x.dim(1), x.dim(2), x.dim(3)});
  for (double& value : exponentials.values()) value = std::exp(value);
  const auto place = [heads](Index at) { return heads ? Index{at[0], 0, at[2], at[3]} : Index{at[0], at[1], 0, 0}; };
  for_each_score(x.shape(), [&](Index at) {
    const Index to = place(at);
    sums.at(to[0], to[1], to[2], to[3]) += exponentials.at(at[0], at[1], at[2], at[3]);
  });
  for_each_score(x.shape(), [&](Index at) {
    const Index to = place(at);
    exponentials.at(at[0], at[1], at[2], at[3]) /= sums.at(to[0], to[1], to[2], to[3]);
  });
  return exponentials;
}

inline Tensor64 transposed(const Tensor64& x) {
  Tensor64 result({x.dim(0), x.dim(1), x.dim(3), x.dim(2)});
  for_each_score(x.shape(),
                 [&](Index at) { result.at(at[0], at[1], at[3], at[2]) = x.at(at[0], at[1], at[2], at[3]); });
  return result;
}

/// Weights where rows that are all hidden attend to everything alike.
inline Tensor64 uniform_when_hidden(Tensor64 weights) {
  for (std::int64_t first = 0; first < weights.size(); first += weights.dim(3)) {
    const auto row =
        weights.values().subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(weights.dim(3)));
    if (std::ranges::all_of(row, [](double x) { return x == 0; }))
      std::ranges::fill(row, 1 / static_cast<double>(weights.dim(3)));
  }
  return weights;
}

inline const std::string kNanMatters =
    "A NaN is a bug upstream: if it is turned into a number, nobody will ever find it";

/// The right weights, or `value` in every row that looks so.
template <class F>
Tensor64 with_rows(const Tensor& scores, F looks_so, double value) {
  Tensor64 weights = oracle::softmax(scores);
  for_each_score({scores.dim(0), scores.dim(1), scores.dim(2), 1}, [&](Index at) {
    if (looks_so(scores.row(at[0], at[1], at[2]))) std::ranges::fill(weights.row(at[0], at[1], at[2]), value);
  });
  return weights;
}

/// Adds to a matcher of softmax(scores) what people compute instead.
inline Matches but_not_another_softmax(Matches right, const Tensor& of) {
  const auto scores = std::make_shared<const Tensor>(of);
  const auto add = [&](const Habits& habits, const std::string& sentence) {
    for (const bool guarded : {true, false}) {
      Habits wrong = habits;
      wrong.guarded = guarded;
      std::move(right).but_not([=] { return softmax_with(*scores, wrong); }, sentence);
    }
  };
  const auto row_of = [](const Tensor& x, Index at) { return x.row(at[0], at[1], at[2]); };
  std::move(right)
      .but_not([=] { return transposed(oracle::softmax(transposed(to_double(*scores)))); },
               "the weights of a column add up to 1: a softmax over the queries. Each query distributes its attention "
               "over the keys, so it is the rows that do")
      .but_not([=] { return softmax_over(to_double(*scores), true); },
               "the weights of all heads add up to 1. Each query of each head distributes its attention over the keys")
      .but_not([=] { return softmax_over(to_double(*scores), false); },
               "the weights of all queries of a head together add up to 1: every row has a sum of its own")
      .but_not([=] { return softmax_with(*scores, {}); },
               "a row that is all hidden is NaN: -inf - (-inf), or 0 / 0. Its query sees no key, and its weights are 0")
      .but_not([=] { return uniform_when_hidden(oracle::softmax(*scores)); },
               "a row that is all hidden has weights 1 / kv_len, so its query reads every key that it must not see. "
               "Its weights are 0");
  add({.base_two = true}, "powers of 2, from exp2: softmax is made of powers of e, std::exp");
  add({.shift = [](const Tensor&, Index) { return 0.f; }},
      "nothing was taken off the scores before exp(): it is inf above 88.72, and 0 far below. Take the row's "
      "largest score off first, as in lesson 01");
  add({.shift = [=](const Tensor& x, Index at) { return largest_of(row_of(x, at), 0); }},
      "nothing was taken off the rows whose scores are all negative: does the maximum start at 0? The maximum of no "
      "numbers is -inf");
  add({.shift =
           [=](const Tensor& x, Index at) {
             float largest = -kInfinity;
             for (at[2] = 0; at[2] < x.dim(2); ++at[2]) largest = largest_of(row_of(x, at), largest);
             return largest;
           }},
      "rows far below the largest score of their head underflow: was the maximum taken over the whole matrix? A row is "
      "shifted by its own largest score");
  add({.shift =
           [](const Tensor& x, Index at) {
             const std::int64_t row = (at[0] * x.dim(1) + at[1]) * x.dim(2) + at[2];
             return largest_of(x.values().first(static_cast<std::size_t>((row + 1) * x.dim(3))));
           }},
      "the maximum goes on from row to row, so a row below a higher one underflows. Start it at -inf again in every "
      "row");
  add({.shift = [](const Tensor& x, Index) { return largest_of(x.values()); }},
      "rows far below the largest score of all underflow: a row is shifted by its own largest score");
  add({.shift = [=](const Tensor& x, Index at) { return row_of(x, at).empty() ? 0 : row_of(x, at).front(); }},
      "each row was shifted by its first score: only the largest keeps every exponential at 1 or below");
  for (const float start : {-1e3f, -1e4f, -1e5f, -1e6f, -1e8f, -1e9f, -1e10f, -1e20f, -1e30f, -1e38f, -3e38f})
    add({.shift = [=](const Tensor& x, Index at) { return largest_of(row_of(x, at), start); }},
        "rows whose scores are all very low were not shifted by their own maximum, or were taken for hidden. A maximum "
        "starts at -inf, and only -inf hides a key: no finite number stands for it");
  add({.sum_goes_on = true}, "the sum goes on from row to row: start it at 0 again in every row");
  for (const std::int64_t width : {2, 4, 8, 16, 32})
    if (width <= of.dim(3))
      add({.width = width}, "the keys of a row are added " + std::to_string(width) +
                                " at a time, and those that remain at its end are missing from the sum");
  for (const std::int64_t keys : {16, 32, 64, 100, 128, 256, 512, 1000, 1024})
    add({.keys = keys}, "only the first " + std::to_string(keys) + " keys of a row are in its sum");
  for (const float epsilon : {1e-3f, 1e-4f, 1e-5f, 1e-6f, 1e-7f})
    add({.epsilon = epsilon},
        "something small was added to the sum. The largest exponential is 1, so the sum of a row is never below 1, "
        "unless all is hidden; treat that case by itself and leave the others exact");
  for (const double smallest : {1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-20})
    std::move(right).but_not(
        [=] {
          Tensor64 weights = oracle::softmax(*scores);
          for (double& weight : weights.values())
            if (weight < smallest) weight = 0;
          return weights;
        },
        "small weights came out as 0. Every float from 1e-38 on is a weight: only what underflows may be 0");
  std::move(right)
      .but_not(
          [=] {
            return with_rows(
                *scores, [](auto row) { return largest_of(row) == -kInfinity; }, 0);
          },
          "a row with a NaN beside hidden keys was taken for a hidden row: a maximum passes over NaN. The sum knows "
          "better: ask whether that is 0. " +
              kNanMatters)
      .but_not(
          [=] {
            return with_rows(
                *scores, [](auto row) { return !std::isfinite(largest_of(row)); }, 0);
          },
          "a row whose maximum is not finite was taken for a hidden row. " + kNanMatters)
      .but_not(
          [=] {
            return with_rows(
                *scores, [](auto row) { return std::ranges::any_of(row, [](float x) { return std::isnan(x); }); }, 0);
          },
          "a row with a NaN was taken for a hidden row. A comparison with NaN is false, so !(sum > 0) is true of NaN "
          "as "
          "well: ask whether the sum is 0. " +
              kNanMatters);
  add({.skips_nan = true}, "a NaN was left out as if it were hidden. " + kNanMatters);
  return right;
}

/// Matches softmax(scores).
inline Matches are_weights(const Tensor& scores) {
  Tensor64 weights = oracle::softmax(scores);
  for (double& weight : weights.values())
    if (weight < 0x1p-150) weight = 0;  // no float is as small
  return but_not_another_softmax(matches(weights, oracle::softmax_rounding(scores.dim(3))), scores);
}

}  // namespace workbook::scaled_dot_product
