#pragma once
/// What the weighted sum and the five kernels together should give.

#include <optional>

#include "common/checker/attention/attends.h"
#include "common/checker/softmax_inputs.h"
#include "scores.h"

namespace workbook::cuda_unfused {

/// Matches weights v.
inline Matches is_weighted_sum(const Tensor& weights, const Tensor& v) {
  const std::int64_t q_len = weights.dim(1), heads = weights.dim(0);
  const auto product = [=](auto value_head, std::int64_t keys, bool magnitudes = false) {
    Tensor64 out({heads, q_len, v.dim(2)});
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < q_len; ++i)
        for (std::int64_t j = 0; j < keys; ++j)
          for (std::int64_t c = 0; c < out.dim(2); ++c) {
            const double term = double{weights.at(h, i, j)} * v.at(value_head(h, i), j, c);
            out.at(h, i, c) += magnitudes ? std::abs(term) : term;
          }
    return out;
  };
  const std::int64_t all = weights.dim(2);
  const Tensor64 expected = product(own_head, all);
  Matches matcher =
      matches(expected, rounding(static_cast<double>(all) + 1, std::ranges::max(product(own_head, all, true).values())))
          .but_not([=] { return product([](auto, auto) { return 0; }, all); },
                   "every head gets the values of head 0: a head begins kv_len rows of v behind the one before it")
          .but_not(
              [=] { return product([=](auto h, auto i) { return (h * q_len + i) % heads; }, all); },
              "a query's head is its row of weights by q_len, not modulo heads: a head has q_len rows side by side")
          .but_not(
              [=] {
                Tensor64 wrong = expected;
                for (std::int64_t h = 0; h < heads; ++h)
                  for (std::int64_t i = 0; i < q_len; ++i) {
                    double sum = 0;
                    for (const float w : weights.row(h, i)) sum += w;
                    for (double& x : wrong.row(h, i)) x /= sum;
                  }
                return wrong;
              },
              "divided by the sum of the weights: that is the softmax's work, and weights may be any numbers");
  for (const std::int64_t keys : {16, 32, 64, 128, 256, 512, 1024})
    if (keys < all)
      std::move(matcher).but_not([=] { return product(own_head, keys); },
                                 fmt::format("only the first {} keys count: there may be any number", keys));
  return matcher;
}

inline void check_weighted_sum(const Problem& p) {
  const Tensor weights = random_normal({p.heads, p.q_len, p.kv_len});
  const Tensor v = random_normal({p.heads, p.kv_len, p.head_dim});
  Tensor out({p.heads, p.q_len, p.head_dim});
  student<weighted_sum>(weights, v, out, {});
  CHECK_THAT(out, is_weighted_sum(weights, v));
}

/// Matches causal attention, and knows in which of the five a mistake may lie.
inline Matches is_attention(const Inputs& in) {
  const auto head_dim = static_cast<double>(in.q.dim(2));
  const auto one_sequence = [](const Tensor& x) { return x.reshaped({1, x.dim(0), x.dim(1), x.dim(2)}); };
  const Inputs heads{one_sequence(in.q), one_sequence(in.k), one_sequence(in.v)};
  const oracle::Attention right = formula(heads, Mask::causal);
  const auto with = changes_of_attention(heads, right);
  Matches matcher =
      matches_attention(heads, right)
          .but_not(with([=](auto& a) { a.scale = std::sqrt(head_dim); }), "multiplied by sqrt(head_dim): it divides")
          .but_not(with([=](auto& a) { a.scale = 1 / std::sqrt(static_cast<double>(in.k.dim(1))); }),
                   "scaled by the number of keys: it is the head_dim, the channels that are added")
          .but_not(with([=](auto& a) { a.scale = 1 / std::sqrt(static_cast<double>(in.q.dim(1))); }),
                   "scaled by the number of queries: it is the head_dim, the channels that are added")
          .but_if(
              [](const Tensor64& got) {
                return std::ranges::any_of(got.values(), [](double x) { return !std::isfinite(x); });
              },
              "the result has NaN or infinite numbers. If the five pass alone, does the mask come before the softmax? "
              "A "
              "softmax makes 0 of -inf, also in a row of nothing else");
  return but_not_another_formula(std::move(matcher), heads, right);
}

/// @returns the inputs' attention, as the call has computed it
inline Tensor check_attention(const Problem& p, float stddev = 1, std::optional<Tensor> before = {}) {
  const Inputs in = random_inputs(p, stddev);
  Tensor out(in.q.shape());
  student<unfused_attention>(in.q, in.k, in.v, out, {});
  const Tensor got = out.reshaped({1, p.heads, p.q_len, p.head_dim});
  Matches matcher = is_attention(in);
  if (before) std::move(matcher).but_not([=] { return *before; }, shared_softmax::kOfTheCallBefore);
  CHECK_THAT(got, std::move(matcher));
  return got;
}

}  // namespace workbook::cuda_unfused
