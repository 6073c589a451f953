#pragma once
/// What scaled_dot_product_attention should return, and what comes out when somebody has one idea wrong.

#include "common/oracle/rounding.h"
#include "scores.h"
#include "weights.h"

namespace workbook::scaled_dot_product {

/// One call of attention, and its results in double and in float.
struct Call {
  Inputs in;
  Masks masks;
  std::optional<float> scale;

  Tensor64 q = to_double(in.q), k = to_double(in.k), v = to_double(in.v);
  Tensor64 weights = with({});
  Tensor64 out = weighted_sum(weights, v);
  Tensor float_weights = weights_of(in.q, in.k, masks, scale_of(in, scale));
  Tensor float_out = weighted_sum(float_weights, in.v);

  /// The weights of other steps.
  Tensor64 with(const Steps& steps) const { return weights_of(q, k, masks, scale_of(in, scale), steps); }
  Tensor64 scaled(double factor) const { return weights_of(q, k, masks, factor); }
  Tensor64 unmasked() const { return weights_of(q, k, {}, scale_of(in, scale)); }
};

/// Matches the weights. If `out_is_right`, the weights were right, too, when out was made. @pre `call` outlives it
inline Matches are_weights_of(const Call& call, bool out_is_right, bool tell_few = false) {
  const Tolerance tolerance = oracle::lost_in_float(call.float_weights, call.weights);
  const auto with = [&call](const Steps& steps) { return [&call, steps] { return call.with(steps); }; };
  Matches right = matches(call.weights, tolerance);
  std::move(right).but_not(
      [&call] { return masked(scores_of(call.q, call.k, scale_of(call.in, call.scale)), call.masks); },
      "these are the masked scores: the weights are their softmax");
  if (out_is_right)
    return std::move(right)
        .but_not([&call] { return call.unmasked(); },
                 "out is right, but these are the weights of unmasked scores: not those it was made with")
        .otherwise("out is right, so it was made with the right weights, but those that were returned are others");
  std::move(right)
      .but_not([&call] { return uniform_when_hidden(call.weights); },
               "a query that sees no key has weights 1 / kv_len, so it reads every key that it must not see")
      .but_not(
          [&call] {
            Tensor64 weights = call.weights;
            for (std::int64_t first = 0; first < weights.size(); first += weights.dim(3)) {
              const auto row =
                  weights.values().subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(weights.dim(3)));
              if (std::ranges::all_of(row, [](double x) { return x == 0; })) std::ranges::fill(row, std::nan(""));
            }
            return weights;
          },
          "a query that sees no key has NaN for weights: -inf - (-inf), or 0 / 0. They are 0");
  if (tell_few) return right;
  right = but_not_another_mask(std::move(right), call.weights.shape(), call.masks,
                               [&call](const Steps& steps) { return call.with(steps); })
              .but_not(with({.scale_the_bias = true}),
                       "the bias was scaled along with the scores: it is added to the scaled scores, as it is")
              .but_not(with({.mask_after_softmax = true}),
                       "the mask comes after the softmax: hidden keys have lost their weight but still have their "
                       "share of the sum, so the weights of a row do not add up to 1")
              .but_not(with({.hidden = 0}), "a hidden key has score 0, and exp(0) = 1, a weight like any other")
              .but_not(with({.base_two = true}), "powers of 2, from exp2: softmax is made of powers of e, std::exp")
              .but_not([&call] { return softmax_of(call.weights); },
                       "the softmax was applied twice: to the scores, and to the weights again")
              .but_not(
                  [&call] {
                    Tensor64 weights = call.weights;
                    for (double& weight : weights.values()) weight *= scale_of(call.in, call.scale);
                    return weights;
                  },
                  "the weights were scaled: it is the scores that are, before the masks");
  right = but_not_some_channels(std::move(right), call.in, [&call](const Tensor64& some_of_k) {
    return weights_of(call.q, some_of_k, call.masks, scale_of(call.in, call.scale));
  });
  return but_not_this_scale(std::move(right), call.in, call.scale,
                            [&call](double scale) { return call.scaled(scale); });
}

/// x with zeros from some place on along an axis: 1 for heads, 2 for keys, 3 for channels.
inline Tensor64 cut_off(Tensor64 x, int axis, std::int64_t end) {
  for_each_score(x.shape(), [&](Index at) {
    if (at[static_cast<std::size_t>(axis)] >= end) x.at(at[0], at[1], at[2], at[3]) = 0;
  });
  return x;
}

/// Matches out, which was made with right weights. @pre `call` outlives it
inline Matches is_out_of(const Call& call) {
  Matches right = matches(call.out, oracle::lost_in_float(call.float_out, call.out));
  std::move(right)
      .but_not([&call] { return weighted_sum(call.weights, only_first(call.in.v, true)); },
               "the weights are right, but every batch reads the values of batch 0")
      .but_not([&call] { return weighted_sum(call.weights, only_first(call.in.v, false)); },
               "the weights are right, but every head reads the values of head 0")
      .but_not([&call] { return weighted_sum(only_first(to_float(call.weights), true), call.v); },
               "the weights are right, but out was made with those of batch 0, in every batch")
      .but_not([&call] { return weighted_sum(only_first(to_float(call.weights), false), call.v); },
               "the weights are right, but out was made with those of head 0, in every head")
      .but_not([&call] { return weighted_sum(call.weights, call.k); },
               "the weights are right, but they were multiplied with the keys: out is a sum of values")
      .but_not([&call] { return weighted_sum(call.unmasked(), call.v); },
               "the weights are right, but out was made with those of unmasked scores")
      .but_not([&call] { return weighted_sum(call.with({.mask_after_softmax = true}), call.v); },
               "the weights are right, but out was made with others, masked after the softmax")
      .but_not(
          [&call] {
            Tensor64 weights = call.weights;
            for_each_score(weights.shape(), [&](Index at) {
              if (at[3] > at[2]) weights.at(at[0], at[1], at[2], at[3]) = 0;
            });
            return weighted_sum(weights, call.v);
          },
          "the weights are right, but query i takes values 0 to i only. Which keys it sees, its weights say already: "
          "the "
          "others are 0");
  for (const std::int64_t width : {2, 3, 4, 8})
    if (width <= call.out.dim(1))
      std::move(right).but_not([&call, width] { return cut_off(call.out, 1, call.out.dim(1) / width * width); },
                               "the last heads are zeros: their number is no multiple of " + std::to_string(width));
  for (const std::int64_t width : {2, 4, 8, 16, 32})
    if (width <= call.out.dim(3))
      std::move(right).but_not([&call, width] { return cut_off(call.out, 3, call.out.dim(3) / width * width); },
                               "the last channels are zeros: their number is no multiple of " + std::to_string(width));
  for (const std::int64_t end : {16, 32, 64, 100, 128, 160, 256})
    std::move(right).but_not([&call, end] { return cut_off(call.out, 3, end); },
                             "channels from " + std::to_string(end) + " on are zeros");
  for (const std::int64_t end : {16, 32, 64, 100, 128, 256, 512, 1000, 1024})
    std::move(right).but_not(
        [&call, end] { return weighted_sum(cut_off(call.weights, 3, end), call.v); },
        "the weights are right, but only the first " + std::to_string(end) + " values are in the sum");
  for (const double smallest : {1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8})
    std::move(right).but_not(
        [&call, smallest] {
          Tensor64 weights = call.weights;
          for (double& weight : weights.values())
            if (weight < smallest) weight = 0;
          return weighted_sum(weights, call.v);
        },
        "the weights are right, but values of small weights are missing from the sum: many of them, or a large one, "
        "count");
  return right;
}

/// Calls scaled_dot_product_attention and checks both of its results, and suspects nothing: for inputs so large that
/// every suspicion would take long.
inline void check_large_attention(const Inputs& in, const Masks& masks) {
  const Attended got = student<scaled_dot_product_attention>(in.q, in.k, in.v, masks, std::nullopt);
  const Call call{in, masks, std::nullopt};
  CHECK_THAT(got.weights, matches(call.weights, oracle::lost_in_float(call.float_weights, call.weights)));
  CHECK_THAT(got.out, matches(call.out, oracle::lost_in_float(call.float_out, call.out)));
}

/// Checks both results of a call. If the scores are so large that one key takes everything, many a mistake gives the
/// same result as another: then `tell_few`.
inline void check_attended(const Attended& got, const Call& call, bool tell_few = false) {
  const bool out_is_right = compare(to_double(got.out), call.out, oracle::lost_in_float(call.float_out, call.out)).ok();
  REQUIRE_THAT(got.weights, are_weights_of(call, out_is_right, tell_few));
  CHECK_THAT(got.out, is_out_of(call));
}

/// Checks the results of a call that came after `first`, which had other inputs of the same shape and gave `before`.
inline void check_after(const Attended& got, const Call& call, const Call& first, const Attended& before) {
  const std::string stale =
      ": a result of the call before was kept, by address or by shape. It is out of date as soon as "
      "the numbers change";
  Matches right = matches(call.weights, oracle::lost_in_float(call.float_weights, call.weights));
  std::move(right)
      .but_not([&] { return before.weights; }, "these are the weights of the call before" + stale)
      .but_not([&] { return weights_of(first.q, first.k, call.masks, scale_of(call.in, call.scale)); },
               "the scores are those of the queries and keys of the call before" + stale)
      .but_not([&] { return weights_of(first.q, first.k, call.masks, scale_of(first.in, first.scale)); },
               "the scores are those of the call before" + stale)
      .but_not([&] { return weights_of(call.q, call.k, first.masks, scale_of(call.in, call.scale)); },
               "the masks are those of the call before" + stale)
      .but_not([&] { return weights_of(call.q, call.k, call.masks, scale_of(first.in, first.scale)); },
               "the scale is that of the call before, or the usual one: a scale is given here");
  REQUIRE_THAT(got.weights, right);
  Tensor64 piled = to_double(before.out);
  for (std::int64_t i = 0; i < piled.size(); ++i) piled.values()[i] += call.out.values()[i];
  CHECK_THAT(got.out, is_out_of(call)
                          .but_not([&] { return before.out; }, "out is that of the call before" + stale)
                          .but_not([&] { return piled; },
                                   "out was added to that of the call before: a tensor that survives the call is not "
                                   "zero when the next begins"));
}

/// Calls scaled_dot_product_attention and checks both of its results.
inline void check_attention(const Inputs& in, const Masks& masks, std::optional<float> scale = std::nullopt,
                            bool tell_few = false) {
  const Attended got = student<scaled_dot_product_attention>(in.q, in.k, in.v, masks, scale);
  check_attended(got, Call{in, masks, scale}, tell_few);
}

}  // namespace workbook::scaled_dot_product
