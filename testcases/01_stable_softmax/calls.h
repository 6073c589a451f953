#pragma once
/// Several calls one after the other, and rows that only a sentinel of -inf can tell from a masked one.

#include <fmt/format.h>

#include "common/checker/student.h"
#include "expected.h"

namespace workbook::stable_softmax {

/// Masks every logit that is 0.
inline Tensor without_zeros(Tensor x) {
  for (float& value : x.values())
    if (value == 0) value = -kInfinity;
  return x;
}

/// Softmax of x with a sum that has no logits of 0.
inline Tensor64 with_zeros_left_out(const Tensor& x) {
  Tensor64 weights = oracle::softmax(x);
  const Tensor64 sums = oracle::log_sum_exp(x), others = oracle::log_sum_exp(without_zeros(x));
  for (std::int64_t i = 0; i < x.dim(0); ++i)
    for (double& weight : weights.row(i))
      weight = others.at(i) == -kInfinity ? 0 : weight * std::exp(sums.at(i) - others.at(i));
  return weights;
}

/// Knows maxima that start at a finite number, and rows that are taken for masked below one.
template <class Compute>
Matches but_not_a_sentinel(Matches right, const Tensor& x, Compute compute) {
  for (const float start : {-1e3f, -1e4f, -1e5f, -1e6f, -1e7f, -1e8f, -1e9f, -1e10f, -1e20f, -1e30f, -1e38f, -3e38f})
    for (const bool guarded : {true, false})
      std::move(right).but_not(
          [=] {
            return compute(
                x, Idea{.shift = [=](const Tensor& all, std::int64_t i) { return wrong::largest(all.row(i), start); },
                        .guarded = guarded});
          },
          fmt::format("rows whose logits are all below {:g} were not shifted by their own maximum, or were taken for "
                      "masked. A maximum starts at -inf, and only -inf is a mask: no finite number stands for it",
                      start));
  return right;
}

/// Calls `softmax` (or a relative) with long high rows, with others of the same shape, with short ones, and with long
/// ones again. Scratch and results that survive a call show.
template <class Call, class Expected, class Compute>
void check_calls(Call call, Expected expected, Compute compute) {
  const Tensor first = plus(random_normal({6, 40}), 200), shorter = random_normal({6, 7}),
               again = random_normal({6, 40}), last = random_normal({6, 40});
  const auto got_first = call(first);
  CHECK_THAT(got_first, expected(first));
  // What the last row of a longer call leaves behind in a buffer that is never cleared.
  const auto tail = again.row(5).subspan(7);
  const float left_over = wrong::sum_of_exponentials(tail, wrong::largest(again.row(5)));
  const float highest = wrong::largest(first.values());
  const auto after = [&](const Tensor& x) {
    return Matches(expected(x))
        .but_not([=] { return compute(x, Idea{.epsilon = left_over}); },
                 "exponentials of the longer rows of the call before are still in the sum: a buffer that survives a "
                 "call is as long as it ever was. Add up this row's alone")
        .but_not([=] { return compute(x, Idea{.shift = [=](const Tensor&, std::int64_t) { return highest; }}); },
                 "the largest logit of an earlier call is still the maximum: nothing may survive a call")
        .but_not([=] { return got_first; },
                 "this is the result of an earlier call with other logits: a result that is kept by the shape or the "
                 "address of its argument is out of date as soon as the numbers change");
  };
  CHECK_THAT(call(again), after(again));
  CHECK_THAT(call(shorter), after(shorter));
  CHECK_THAT(call(last), after(last));
}

}  // namespace workbook::stable_softmax
