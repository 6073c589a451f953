#pragma once
/// What softmax and its relatives return when somebody has one idea wrong. A wrong idea is a right one with a member of
/// Idea changed, and it shows in all three functions. In float, in the obvious order: what is wrong with most of them
/// is an overflow, an underflow or a rounding.

#include <cmath>
#include <functional>

#include "common/checker/inputs.h"
#include "common/checker/matchers.h"
#include "wrong_formulas.h"

namespace workbook::stable_softmax {

using Logits = std::span<const float>;

struct Idea {
  std::function<float(const Tensor& x, std::int64_t i)> shift;  ///< of row i; empty: its largest logit
  bool shifts_weights = true;                                   ///< false: only the exponentials of the sum are shifted
  bool base_two = false;                                        ///< exp2 for exp in the sum
  bool base_two_weights = false;                                ///< exp2 for exp in the weights
  bool never_rescaled = false;                                  ///< a term is relative to the largest logit so far
  bool sum_goes_on = false;                                     ///< from row to row
  std::int64_t width = 1;         ///< columns are added `width` at a time, and the rest is left out
  std::int64_t columns = -1;      ///< only so many are added, if that is not negative
  std::int64_t rows_at_once = 1;  ///< rows are computed so many at a time, and the rest is left out
  float epsilon = 0;              ///< added to the sum
  float reach = kInfinity;        ///< a logit further below the shift counts as masked
  bool skips_nan = false;         ///< a NaN counts as masked
  float log_of_base = 1;          ///< of the logarithm
  bool guarded = true;            ///< a row whose sum is 0 is a masked row
};

inline float power(float x, const Idea& idea, bool base_two) {
  if (x < -idea.reach || (idea.skips_nan && std::isnan(x))) return 0;
  return base_two ? std::exp2(x) : std::exp(x);
}

struct ShiftAndSum {
  float shift, sum;
};

/// Shift and sum of every row.
inline std::vector<ShiftAndSum> sums_of(const Tensor& x, const Idea& idea) {
  std::vector<ShiftAndSum> result;
  float before = 0;
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    const auto row = x.row(i);
    const float of_row = idea.shift ? idea.shift(x, i) : wrong::largest(row);
    const float shift = std::isinf(of_row) ? 0 : of_row;
    float sum = idea.sum_goes_on ? before : 0, so_far = -kInfinity;
    const auto cols = static_cast<std::int64_t>(row.size());
    const std::int64_t counted = idea.columns < 0 ? cols / idea.width * idea.width : std::min(cols, idea.columns);
    for (const float value : row.first(static_cast<std::size_t>(counted))) {
      so_far = std::max(so_far, value);
      sum += power(value - (idea.never_rescaled && std::isfinite(so_far) ? so_far : shift), idea, idea.base_two);
    }
    before = sum;
    result.push_back({shift, sum + idea.epsilon});
  }
  return result;
}

inline bool is_computed(const Tensor& x, std::int64_t i, const Idea& idea) {
  return i < x.dim(0) / idea.rows_at_once * idea.rows_at_once;
}

inline Tensor softmax_by(const Tensor& x, const Idea& idea) {
  Tensor weights(x.shape());
  const auto sums = sums_of(x, idea);
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    const auto [shift, sum] = sums[static_cast<std::size_t>(i)];
    if ((idea.guarded && sum == 0) || !is_computed(x, i, idea)) continue;
    for (std::int64_t j = 0; j < x.dim(1); ++j)
      weights.at(i, j) = power(x.at(i, j) - (idea.shifts_weights ? shift : 0), idea, idea.base_two_weights) / sum;
  }
  return weights;
}

inline Tensor log_sum_exp_by(const Tensor& x, const Idea& idea) {
  Tensor result({x.dim(0)});
  const auto sums = sums_of(x, idea);
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    const auto [shift, sum] = sums[static_cast<std::size_t>(i)];
    if (is_computed(x, i, idea)) result.at(i) = shift + std::log(sum) / idea.log_of_base;
  }
  return result;
}

inline Tensor log_softmax_by(const Tensor& x, const Idea& idea) {
  Tensor result(x.shape(), -kInfinity);
  const auto sums = sums_of(x, idea);
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    const auto [shift, sum] = sums[static_cast<std::size_t>(i)];
    if (idea.guarded && sum == 0) continue;
    for (std::int64_t j = 0; j < x.dim(1); ++j)
      result.at(i, j) = is_computed(x, i, idea)
                            ? (x.at(i, j) - (idea.shifts_weights ? shift : 0)) - std::log(sum) / idea.log_of_base
                            : 0;
  }
  return result;
}

/// Knows the ideas that all three functions share. `compute` is one of those above. Inputs must tell the ideas apart:
/// rows at several heights for the shifts, more than one row for what goes on from row to row.
template <class Compute>
Matches but_not_another_idea(Matches right, const Tensor& x, Compute compute) {
  const auto add = [&](const Idea& idea, const std::string& sentence) {
    for (const bool guarded : {true, false}) {
      Idea wrong = idea;
      wrong.guarded = guarded;
      std::move(right).but_not([=] { return compute(x, wrong); }, sentence);
    }
  };
  const auto shifted = [&](auto of_row, const std::string& sentence) {
    add({.shift = [of_row](const Tensor& all, std::int64_t i) { return of_row(all.row(i)); }}, sentence);
  };
  add({.base_two_weights = true},
      "the sum is of powers of e, and the exponentials that it divides are powers of 2, from "
      "exp2: both are std::exp");
  add({.base_two = true},
      "the sum is of powers of 2, from exp2, and what it divides are powers of e: both are std::exp");
  add({.base_two = true, .base_two_weights = true},
      "powers of 2, from exp2: softmax and log-sum-exp are made of powers of e, std::exp");
  add({.log_of_base = std::log(2.f)}, "the logarithm is to base 2: it is the natural one, std::log");
  add({.log_of_base = std::log(10.f)}, "the logarithm is to base 10: it is the natural one, std::log");
  shifted([](Logits) { return 0.f; },
          "nothing was taken off the logits: exp() is inf above 88.72 and loses its bits, then everything, below -87. "
          "The quotient is inexact, or inf / inf, or 0 / 0. Dividing both by exp(m), m the row's maximum, leaves it as "
          "it was");
  shifted([](Logits row) { return wrong::largest(row, 0); },
          "nothing was taken off the rows whose logits are all negative: does your running maximum start at 0? The "
          "maximum of no numbers is -inf");
  shifted(
      [](Logits row) {
        float size = 0;
        for (const float value : row) size = std::max(size, std::abs(value));
        return size;
      },
      "each row was shifted by its largest size |x|. For negative logits that is far above the largest of them, and "
      "every exponential underflows. The sign counts");
  shifted([](Logits row) { return row.empty() ? 0 : row.front(); },
          "each row was shifted by its first logit. Any shift is right on paper; in float only the "
          "largest keeps every exponential at 1 or below");
  shifted([](Logits row) { return row.empty() ? 0 : row.back(); },
          "each row was shifted by its last logit. Any shift is right on paper; in float only the largest keeps every "
          "exponential at 1 or below");
  shifted([](Logits row) { return row.empty() ? 0 : std::ranges::min(row); },
          "each row was shifted by its smallest logit, so every exponent is at least 0, and the exponentials overflow. "
          "Take off the largest");
  shifted(
      [](Logits row) {
        double sum = 0;
        for (const float value : row) sum += value;
        return row.empty() ? 0 : static_cast<float>(sum / static_cast<double>(row.size()));
      },
      "each row was shifted by its mean: a logit far above the mean still overflows. Take off the largest");
  add({.shift = [](const Tensor& all, std::int64_t) { return wrong::largest(all.values()); }},
      "rows far below the largest logit of the matrix underflow to 0: was the maximum taken over the whole matrix? A "
      "row is shifted by its own largest logit");
  add({.shift =
           [](const Tensor& all, std::int64_t i) {
             float so_far = -kInfinity;
             for (std::int64_t above = 0; above <= i; ++above) so_far = wrong::largest(all.row(above), so_far);
             return so_far;
           }},
      "the maximum goes on from row to row, so a row below a higher one underflows. Start it at -inf again in every "
      "row");
  for (const std::int64_t columns : {16, 32, 64, 128, 256, 512, 1000, 1024, 2048, 4096})
    add({.shift =
             [columns](const Tensor& all, std::int64_t i) {
               const auto row = all.row(i);
               return wrong::largest(row.first(std::min(row.size(), static_cast<std::size_t>(columns))));
             }},
        "the maximum is that of the first logits of a row only: the largest may come late in a long row");
  add({.shifts_weights = false},
      "the maximum was taken off in the sum alone. Numerator and denominator are shifted by the same number");
  add({.never_rescaled = true},
      "each exponential was taken relative to the largest logit so far, and the sum was not corrected when a larger "
      "one "
      "came. Find the maximum first, in a loop of its own");
  add({.sum_goes_on = true}, "the sum goes on from row to row: start it at 0 again in every row");
  for (const std::int64_t width : {2, 4, 8, 16, 32})
    add({.width = width},
        "the last logits of a row are missing from the sum, as if its length were a multiple of 2, 4, 8 or more. What "
        "is "
        "left over needs a loop, too");
  for (const std::int64_t columns : {16, 32, 64, 128, 256, 512, 1000, 1024, 2048, 4096})
    add({.columns = columns}, "only the first " + std::to_string(columns) + " logits of a row are in the sum");
  for (const std::int64_t rows : {2, 3, 4, 8, 16})
    add({.rows_at_once = rows},
        "the last rows were not computed, as if their number were a multiple of 2, 4, 8 or more. What is left over "
        "needs a "
        "loop, too");
  add({.shift = [](const Tensor& all, std::int64_t i) { return wrong::largest(all.row(i)); },
       .rows_at_once = std::max<std::int64_t>(1, x.dim(0) - 1)},
      "the last row was not computed");
  for (const float epsilon : {1e-3f, 1e-4f, 1e-5f, 1e-6f, 1e-7f, 1e-8f, 1e-9f, 1e-10f, 1e-12f, 1e-20f, 1e-30f, 1e-38f})
    add({.epsilon = epsilon},
        "something small was added to the sum to keep it from being 0. The largest exponential is 1, so the sum of a "
        "row is never below 1, unless all is masked; treat that case by itself and leave the others exact");
  for (const float reach : {10.f, 15.f, 16.f, 20.f, 30.f, 32.f, 40.f, 50.f, 60.f, 64.f, 70.f, 80.f, 87.f, 88.f})
    add({.reach = reach},
        "logits far below the largest of their row were taken for masked. Their weights are small, but not 0");
  return right;
}

}  // namespace workbook::stable_softmax
