#pragma once
/// What scaled_scores and apply_masks should return, and what they return when somebody has one idea wrong.

#include "inputs.h"
#include "steps.h"

namespace workbook::scaled_dot_product {

/// The given scale, or 1 / sqrt(head_dim).
inline double scale_of(const Inputs& in, std::optional<float> scale) {
  return scale ? static_cast<double>(*scale) : 1 / std::sqrt(static_cast<double>(in.q.dim(3)));
}

/// Every batch (or head) of x with the numbers of batch (or head) 0.
inline Tensor64 only_first(const Tensor& x, bool batch) {
  Tensor64 result(x.shape());
  for_each_score(x.shape(), [&](Index at) {
    const auto [b, h, i, j] = at;
    result.at(b, h, i, j) = batch ? x.at(0, h, i, j) : x.at(b, 0, i, j);
  });
  return result;
}

/// Knows scales that were read from somewhere else. `make` turns a scale into what it would give.
template <class Make>
Matches but_not_this_scale(Matches right, const Inputs& in, std::optional<float> scale, Make make) {
  const auto head_dim = static_cast<double>(in.q.dim(3));
  const double usual = 1 / std::sqrt(head_dim), factor = scale_of(in, scale);
  const auto scaled = [make](double wrong) { return [make, wrong] { return make(wrong); }; };
  if (scale) return attention_tests::but_not_the_given_scale(std::move(right), *scale, usual, make);
  std::move(right)
      .but_not(scaled(1 / std::sqrt(static_cast<double>(in.k.dim(2)))),
               "the scores are scaled by 1 / sqrt(kv_len): it is head_dim, the number of products in each score")
      .but_not(scaled(1 / std::sqrt(static_cast<double>(in.q.dim(2)))),
               "the scores are scaled by 1 / sqrt(q_len): it is head_dim, the number of products in each score")
      .but_not(scaled(1 / std::sqrt(static_cast<double>(in.q.dim(1)))),
               "the scores are scaled by 1 / sqrt(heads): it is head_dim, the number of products in each score")
      .but_not(scaled(1 / std::floor(std::sqrt(head_dim))), "the square root of head_dim was cut off to a whole number")
      .but_not(scaled(factor * factor), "the scores are divided by head_dim: by its square root, and once")
      .but_not(scaled(1 / factor), "the scores are multiplied by sqrt(head_dim): they are divided by it");
  return attention_tests::but_not_another_scale(std::move(right), {}, in.q.dim(3), in.q.dim(1), make);
}

/// Knows dot products over some channels only. `make` turns keys with zeros into what they would give.
template <class Make>
Matches but_not_some_channels(Matches right, const Inputs& in, Make make) {
  const std::int64_t dim = in.q.dim(3);
  std::vector<std::int64_t> ends{16, 32, 64, 100, 128, 160, 256};
  for (const std::int64_t width : {2, 4, 8, 16, 32}) ends.push_back(dim / width * width);
  for (const std::int64_t end : ends)
    if (end < dim)
      std::move(right).but_not(
          [=] {
            Tensor64 some = to_double(in.k);
            for (std::int64_t i = 0; i < some.size(); ++i)
              if (i % dim >= end) some.values()[i] = 0;
            return make(some);
          },
          "only the first " + std::to_string(end) + " of " + std::to_string(dim) + " channels are in the dot products");
  return right;
}

/// Matches scaled_scores(in.q, in.k, scale).
inline Matches are_scores(const Inputs& in, std::optional<float> scale) {
  const Tensor64 q = to_double(in.q), k = to_double(in.k);
  const double factor = scale_of(in, scale);
  const auto head_dim = static_cast<double>(in.q.dim(3));
  Tensor64 q_sizes = q, k_sizes = k;
  for (double& x : q_sizes.values()) x = std::abs(x);
  for (double& x : k_sizes.values()) x = std::abs(x);
  const Tensor64 sizes = scores_of(q_sizes, k_sizes, factor == 0 ? 1 : std::abs(factor));
  const double largest = sizes.size() > 0 ? *std::ranges::max_element(sizes.values()) : 0;
  // head_dim roundings for the sum of products, the rest for the square root, the division and the scaling.
  Matches right = matches(scores_of(q, k, factor), rounding(head_dim + 4, largest));
  const auto scaled = [=](double wrong) { return scores_of(q, k, wrong); };
  right = but_not_this_scale(std::move(right), in, scale, scaled);
  return but_not_some_channels(std::move(right)
                                   .but_not([=] { return scores_of(q, only_first(in.k, true), factor); },
                                            "every batch reads the keys of batch 0")
                                   .but_not([=] { return scores_of(q, only_first(in.k, false), factor); },
                                            "every head reads the keys of head 0"),
                               in, [=](const Tensor64& some_of_k) { return scores_of(q, some_of_k, factor); });
}

/// Whether every entry that should be -inf holds one and the same finite number, and a very negative one.
inline auto hides_with_a_number(const Tensor64& expected) {
  return [expected](const Tensor64& got) {
    if (got.shape() != expected.shape()) return false;
    std::optional<double> value;
    for (std::int64_t i = 0; i < got.size(); ++i) {
      if (expected.values()[i] != -kInfinity) continue;
      const double x = got.values()[i];
      if (!(x < -1000 && x > -kInfinity) || (value && x != *value)) return false;
      value = x;
    }
    return value.has_value();
  };
}

inline const std::string kHiddenIsNotANumber =
    "every hidden key has a large negative score instead of -inf. That works until a row has nothing else: all its "
    "keys are "
    "then equally bad, and the softmax gives each of them 1 / kv_len";

/// The wrong ways to read a mask, whatever is made of it. `make` turns Steps into what they would give.
template <class Make>
Matches but_not_another_mask(Matches right, const Shape& scores, const Masks& masks, Make make) {
  const std::int64_t shift = scores[3] - scores[2];
  const auto with = changes_of(Steps(), make);
  if (masks.mask == Mask::causal && masks.allowed)
    std::move(right)
        .but_not(with([](Steps& s) { s.both_must_hide = true; }),
                 "a key is hidden only where both masks hide it. One is enough: causal or `allowed`")
        .but_not(with([](Steps& s) { s.ignore_causal = true; }),
                 "the causal mask is ignored where `allowed` is given: a key is hidden if either of them hides it");
  if (masks.mask == Mask::causal && masks.bias)
    std::move(right).but_not(with([](Steps& s) { s.ignore_causal = true; }),
                             "the causal mask is ignored where a bias is given: both are applied");
  if (masks.allowed && masks.bias)
    std::move(right).but_not(
        with([](Steps& s) { s.ignore_bias = true; }),
        "beside `allowed` the bias changes nothing: it is ignored, or all keys of a query get the same number");
  if (masks.bias)
    std::move(right)
        .but_not(with([](Steps& s) { s.bias_factor = 2; }), "the bias was added twice")
        .but_not(with([](Steps& s) { s.bias_factor = -1; }), "the bias was subtracted: it is added")
        .but_not(with([](Steps& s) { s.skips_zeros = true; }),
                 "a score of 0 was left without its bias: 0 is a score like any other");
  std::move(right).but_not(
      with([=](Steps& s) { s.scores = scores; }),
      "the elements of a mask were taken one after the other, and from the first again: element n "
      "% size for score n. Only a mask that lacks leading axes repeats like that; an axis of extent "
      "1 stays at 0");
  std::move(right).but_not(
      with([](Steps& s) { s.first_axes = true; }),
      "a mask of fewer axes was aligned at its first ones. It is the last ones that belong together");
  std::move(right).but_not(with([](Steps& s) { s.adds_infinity = true; }),
                           "-inf was added to hidden keys: where the score or the bias is NaN or +inf, the sum is NaN. "
                           "A hidden key has -inf, whatever it held before");
  const auto masked = [make](const oracle::Visible& visible) {
    return make(visible ? Steps{.visible = visible} : Steps{.ignore_causal = true});
  };
  return attention_tests::but_not_another_mask(std::move(right), masks.mask, scores[2], scores[3], masked)
      .but_not(with([](Steps& s) { s.true_hides = true; }),
               "`allowed` is read the other way round: true means that the query may see the key")
      .but_not(with([](Steps& s) { s.batch_first = true; }),
               "a mask of three axes was read as [batch, q_len, kv_len]. Shapes are aligned at their last axes, so its "
               "first axis is the head, and it serves every batch")
      .but_not(with([](Steps& s) { s.only_batch_0 = true; }), "every batch reads the mask of batch 0")
      .but_not(with([](Steps& s) { s.only_head_0 = true; }), "every head reads the mask of head 0")
      .but_not(with([=](Steps& s) { s.visible = [=](auto i, auto j) { return j >= i + shift; }; }),
               "the causal mask hides the past and shows the future")
      .but_not(with([](Steps& s) { s.ignore_allowed = true; }), "`allowed` is ignored")
      .but_not(with([](Steps& s) { s.ignore_bias = true; }),
               "the bias changes nothing: it is ignored, or all keys of a query get the same number, as if its axes "
               "were the first "
               "ones of the scores");
}

/// Matches apply_masks(scores, masks).
inline Matches is_masked(const Tensor& scores, const Masks& masks) {
  const Tensor64 exact_scores = to_double(scores), right = masked(exact_scores, masks);
  const auto make = [=](const Steps& steps) { return masked(exact_scores, masks, steps); };
  Tolerance tolerance = exact();
  if (masks.bias) tolerance = relative_rounding(1);  // of the one addition
  return but_not_another_mask(matches(right, tolerance), scores.shape(), masks, make)
      .but_not([=] { return make({.multiply = true}); },
               "a hidden key has score 0, and exp(0) = 1, a weight like any other. Only -inf hides a key")
      .but_not(
          [=] {
            Tensor64 nan = exact_scores;
            for (std::int64_t i = 0; i < nan.size(); ++i)
              nan.values()[i] = right.values()[i] == -kInfinity ? -kInfinity : std::nan("");
            return nan;
          },
          "visible keys are NaN: 0 times inf. Do not multiply -inf with a mask of zeros and ones, choose: hidden or "
          "not")
      .but_if(hides_with_a_number(right), kHiddenIsNotANumber);
}

}  // namespace workbook::scaled_dot_product
