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
inline Matches are_weights_of(const Call& call, bool out_is_right) {
  const Tolerance tolerance = oracle::lost_in_float(call.float_weights, call.weights);
  const auto with = [&call](const Steps& steps) { return [&call, steps] { return call.with(steps); }; };
  Matches right =
      matches(call.weights, tolerance)
          .but_not([&call] { return masked(scores_of(call.q, call.k, scale_of(call.in, call.scale)), call.masks); },
                   "these are the masked scores: the weights are their softmax")
          .but_if([&call, tolerance, out_is_right](
                      const Tensor64& got) { return out_is_right && compare(got, call.unmasked(), tolerance).ok(); },
                  "out is right, but these are the weights of unmasked scores: not those it was made with")
          .but_if([out_is_right](const Tensor64&) { return out_is_right; },
                  "out is right, so it was made with the right weights, but these are others");
  right =
      but_not_another_mask(std::move(right), call.weights.shape(),
                           [&call](const Steps& steps) { return call.with(steps); })
          .but_not(with({.scale_the_bias = true}),
                   "the bias was scaled along with the scores: it is added to the scaled scores, as it is")
          .but_not(with({.mask_after_softmax = true}),
                   "the mask comes after the softmax: hidden keys have lost their weight but still have their share "
                   "of the sum, so the weights of a row do not add up to 1")
          .but_not(with({.hidden = 0}), "a hidden key has score 0, and exp(0) = 1, a weight like any other")
          .but_not([&call] { return uniform_when_hidden(call.weights); },
                   "a query that sees no key has weights 1 / kv_len, so it reads every key that it must not see");
  return attention_tests::but_not_another_scale(std::move(right), call.in.q.dim(3), call.in.q.dim(1),
                                                [&call](double scale) { return call.scaled(scale); });
}

/// Matches out. @pre `call` outlives it
inline Matches is_out_of(const Call& call) {
  return matches(call.out, oracle::lost_in_float(call.float_out, call.out))
      .but_not([&call] { return weighted_sum(call.weights, only_first(call.in.v, true)); },
               "the weights are right, but every batch reads the values of batch 0")
      .but_not([&call] { return weighted_sum(call.weights, only_first(call.in.v, false)); },
               "the weights are right, but every head reads the values of head 0")
      .but_not([&call] { return weighted_sum(call.weights, call.k); },
               "the weights are right, but they were multiplied with the keys: out is a sum of values")
      .but_not([&call] { return weighted_sum(call.unmasked(), call.v); },
               "the weights are right, but out was made with those of unmasked scores")
      .but_not([&call] { return weighted_sum(call.with({.mask_after_softmax = true}), call.v); },
               "the weights are right, but out was made with others, masked after the softmax");
}

/// Calls scaled_dot_product_attention and checks both of its results, and suspects nothing: for inputs so large that
/// every suspicion would take long.
inline void check_large_attention(const Inputs& in, const Masks& masks) {
  const Attended got = student<scaled_dot_product_attention>(in.q, in.k, in.v, masks, std::nullopt);
  const Call call{in, masks, std::nullopt};
  CHECK_THAT(got.weights, matches(call.weights, oracle::lost_in_float(call.float_weights, call.weights)));
  CHECK_THAT(got.out, matches(call.out, oracle::lost_in_float(call.float_out, call.out)));
}

/// Calls scaled_dot_product_attention and checks both of its results.
inline void check_attention(const Inputs& in, const Masks& masks, std::optional<float> scale = std::nullopt) {
  const Attended got = student<scaled_dot_product_attention>(in.q, in.k, in.v, masks, scale);
  const Call call{in, masks, scale};
  const bool out_is_right = compare(to_double(got.out), call.out, oracle::lost_in_float(call.float_out, call.out)).ok();
  CHECK_THAT(got.weights, are_weights_of(call, out_is_right));
  CHECK_THAT(got.out, is_out_of(call));
}

}  // namespace workbook::scaled_dot_product
