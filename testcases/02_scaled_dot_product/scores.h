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

/// Matches scaled_scores(in.q, in.k, scale).
inline Matches are_scores(const Inputs& in, std::optional<float> scale) {
  const Tensor64 q = to_double(in.q), k = to_double(in.k);
  const double factor = scale_of(in, scale);
  const auto head_dim = static_cast<double>(in.q.dim(3));
  Tensor64 q_sizes = q, k_sizes = k;
  for (double& x : q_sizes.values()) x = std::abs(x);
  for (double& x : k_sizes.values()) x = std::abs(x);
  const Tensor64 sizes = scores_of(q_sizes, k_sizes, std::abs(factor));
  const double largest = sizes.size() > 0 ? *std::ranges::max_element(sizes.values()) : 0;
  // head_dim roundings for the sum of products, the rest for the square root, the division and the scaling.
  return attention_tests::but_not_another_scale(matches(scores_of(q, k, factor), rounding(head_dim + 4, largest)),
                                                in.q.dim(3), in.q.dim(1),
                                                [=](double wrong) { return scores_of(q, k, wrong); })
      .but_not([=] { return scores_of(q, k, factor / std::sqrt(head_dim)); },
               "a given scale is all there is: 1 / sqrt(head_dim) comes on top")
      .but_not([=] { return scores_of(q, only_first(in.k, true), factor); }, "every batch reads the keys of batch 0")
      .but_not([=] { return scores_of(q, only_first(in.k, false), factor); }, "every head reads the keys of head 0");
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
    "a hidden key has a large negative score instead of -inf. It works until a row has nothing else: all its keys are "
    "then equally bad, and the softmax gives each of them 1 / kv_len";

/// The wrong ways to read a mask, whatever is made of it. `make` turns Steps into what they would give.
template <class Make>
Matches but_not_another_mask(Matches right, const Shape& scores, Make make) {
  const std::int64_t shift = scores[3] - scores[2];
  const auto with = changes_of(Steps(), make);
  const auto masked = [make](const oracle::Visible& visible) {
    return make(visible ? Steps{.visible = visible} : Steps{.ignore_causal = true});
  };
  return attention_tests::but_not_another_mask(std::move(right), scores[2], scores[3], masked)
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
      .but_not(with([](Steps& s) { s.ignore_bias = true; }), "the bias is ignored");
}

/// Matches apply_masks(scores, masks).
inline Matches is_masked(const Tensor& scores, const Masks& masks) {
  const Tensor64 exact_scores = to_double(scores), right = masked(exact_scores, masks);
  const auto make = [=](const Steps& steps) { return masked(exact_scores, masks, steps); };
  Tolerance tolerance = exact();
  if (masks.bias) tolerance = relative_rounding(1);  // of the one addition
  return but_not_another_mask(matches(right, tolerance), scores.shape(), make)
      .but_not([=] { return make({.multiply = true}); },
               "a hidden key has score 0, and exp(0) = 1, a weight like any other. Only -inf hides a key")
      .but_if(hides_with_a_number(right), kHiddenIsNotANumber);
}

}  // namespace workbook::scaled_dot_product
