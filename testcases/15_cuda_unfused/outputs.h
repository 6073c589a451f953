#pragma once
/// What the weighted sum and the five kernels together should give.

#include "common/checker/attention/attends.h"
#include "common/oracle/softmax.h"
#include "scores.h"

namespace workbook::cuda_unfused {

/// Matches weights v.
inline Matches is_weighted_sum(const Tensor& weights, const Tensor& v) {
  const auto product = [=](auto value_head, bool magnitudes) {
    Tensor64 out({weights.dim(0), weights.dim(1), v.dim(2)});
    for (std::int64_t h = 0; h < out.dim(0); ++h)
      for (std::int64_t i = 0; i < out.dim(1); ++i)
        for (std::int64_t j = 0; j < weights.dim(2); ++j)
          for (std::int64_t c = 0; c < out.dim(2); ++c) {
            const double term = double{weights.at(h, i, j)} * v.at(value_head(h), j, c);
            out.at(h, i, c) += magnitudes ? std::abs(term) : term;
          }
    return out;
  };
  const auto own = [](std::int64_t h) { return h; };
  const Tensor64 expected = product(own, false);
  return matches(expected, rounding(static_cast<double>(v.dim(1)) + 1, std::ranges::max(product(own, true).values())))
      .but_not([=] { return product([](auto) { return 0; }, false); },
               "every head gets the values of head 0: a head begins kv_len rows of v behind the one before it");
}

inline void check_weighted_sum(const Problem& p) {
  const Tensor weights = to_float(oracle::softmax(random_normal({p.heads, p.q_len, p.kv_len}, 2)));
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
          .but_if(
              [](const Tensor64& got) {
                return std::ranges::any_of(got.values(), [](double x) { return !std::isfinite(x); });
              },
              "NaN or infinite. If the five pass alone, it is in their order: the mask comes before the "
              "softmax, which knows what to do with -inf, also with a row of nothing else");
  return but_not_another_formula(std::move(matcher), heads, right);
}

inline void check_attention(const Problem& p, float stddev = 1) {
  const Inputs in = random_inputs(p, stddev);
  Tensor out(in.q.shape());
  student<unfused_attention>(in.q, in.k, in.v, out, {});
  CHECK_THAT(out.reshaped({1, p.heads, p.q_len, p.head_dim}), is_attention(in));
}

}  // namespace workbook::cuda_unfused
