#pragma once
/// What each kernel should leave in memory, and what one with a wrong idea leaves there.

#include <cmath>
#include <limits>

#include "common/checker/student.h"
#include "common/oracle/attention.h"
#include "common/oracle/softmax.h"

namespace workbook::cuda_unfused {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Arguments of one call, different for every head.
struct Inputs {
  Problem problem;
  Tensor q, k, v;  // [heads, q_len, head_dim] and [heads, kv_len, head_dim]
};

inline Inputs random_inputs(const Problem& p, float stddev = 1) {
  return {p, random_normal({p.heads, p.q_len, p.head_dim}, stddev),
          random_normal({p.heads, p.kv_len, p.head_dim}, stddev), random_normal({p.heads, p.kv_len, p.head_dim})};
}

/// sum over c of a[row of a, c] * b[row of b, c], for c < channels and in double.
inline double dot(std::span<const float> a, std::span<const float> b, std::int64_t channels, bool magnitude = false) {
  double sum = 0;
  for (std::int64_t c = 0; c < channels; ++c) sum += magnitude ? std::abs(double{a[c]} * b[c]) : double{a[c]} * b[c];
  return sum;
}

/// q k^T of every head, over some channels, with the keys of head key_head(h).
template <class KeyHead>
Tensor64 scores_of(const Inputs& in, std::int64_t channels, KeyHead key_head, bool magnitudes = false) {
  const Problem& p = in.problem;
  Tensor64 scores({p.heads, p.q_len, p.kv_len});
  for (std::int64_t h = 0; h < p.heads; ++h)
    for (std::int64_t i = 0; i < p.q_len; ++i)
      for (std::int64_t j = 0; j < p.kv_len; ++j)
        scores.at(h, i, j) = dot(in.q.row(h, i), in.k.row(key_head(h), j), channels, magnitudes);
  return scores;
}
inline Tensor64 scores_of(const Inputs& in, bool magnitudes = false) {
  return scores_of(
      in, in.problem.head_dim, [](auto h) { return h; }, magnitudes);
}

/// Whether every element is right, or was never written: NaN, as fresh device memory in the simulator.
inline bool some_never_written(const Tensor64& got, const Tensor64& expected) {
  if (got.shape() != expected.shape()) return false;
  std::int64_t missing = 0;
  for (std::int64_t n = 0; n < got.size(); ++n)
    if (std::isnan(got.data()[n]))
      ++missing;
    else if (std::abs(got.data()[n] - expected.data()[n]) > 1e-3 * (1 + std::abs(expected.data()[n])))
      return false;
  return missing > 0;
}

inline Problem problem_of(const Tensor& scores) {
  return {int(scores.dim(0)), int(scores.dim(1)), int(scores.dim(2)), 1};
}

/// Matches q k^T, not scaled. `channels_at_a_time` is kTile for the tiled kernel.
inline Matches is_scores(const Inputs& in, std::int64_t channels_at_a_time = 1) {
  const Problem& p = in.problem;
  const Tensor64 expected = scores_of(in);
  const double largest = std::ranges::max(scores_of(in, true).values());
  return matches(expected, rounding(p.head_dim + 1.0, largest))
      .but_not(
          [=] {
            Tensor64 scaled = expected;
            for (double& x : scaled.values()) x /= std::sqrt(p.head_dim);
            return scaled;
          },
          "these are scaled already: that is the next kernel's work")
      .but_not([=] { return scores_of(in, p.head_dim, [](auto) { return 0; }); },
               "every head meets the keys of head 0: a head begins kv_len rows of k behind the one before it")
      .but_not(
          [=] { return scores_of(in, p.head_dim / channels_at_a_time * channels_at_a_time, [](auto h) { return h; }); },
          "the last channels are missing: head_dim need not be a multiple of kTile, and the last piece is narrower")
      .but_not(
          [=] {
            return scores_of(in, std::min<std::int64_t>(channels_at_a_time, p.head_dim), [](auto h) { return h; });
          },
          "only the first piece of channels counts: go on to the next, and keep the sum")
      .but_if([=](const Tensor64& got) { return some_never_written(got, expected); },
              "some scores were never written (NaN is what fresh device memory holds here). Is the number of blocks "
              "rounded up, and does every thread that is inside come to its store?")
      .but_if(
          [=](const Tensor64& got) {
            if (got.shape() != expected.shape() || p.q_len != p.kv_len) return false;
            for (std::int64_t h = 0; h < p.heads; ++h)
              for (std::int64_t i = 0; i < p.q_len; ++i)
                for (std::int64_t j = 0; j < p.kv_len; ++j)
                  if (std::abs(got.at(h, i, j) - expected.at(h, j, i)) > 1e-3 * (1 + std::abs(expected.at(h, j, i))))
                    return false;
            return true;
          },
          "this is k q^T, the scores with queries and keys swapped: a query's scores are a row");
}

/// Calls F, attention_scores or the tiled one, and checks what it leaves.
template <auto F>
void check_scores(const Problem& p) {
  const Inputs in = random_inputs(p);
  Tensor scores({p.heads, p.q_len, p.kv_len});
  student<F>(in.q, in.k, scores, {});
  CHECK_THAT(scores, is_scores(in, F == attention_scores_tiled ? kTile : 1));
}

/// Matches scale * scores.
inline Matches is_scaled(const Tensor& scores, float scale) {
  const auto times = [=](double factor) {
    Tensor64 result = to_double(scores);
    for (double& x : result.values()) x *= factor;
    return result;
  };
  return matches(times(scale), relative_rounding(1))
      .but_not([=] { return times(1); }, "the scores are as they were")
      .but_not([=] { return times(1 / scale); }, "divided: the scale is a factor")
      .but_not([=] { return times(scale * scale); }, "multiplied twice: does more than one thread have the same score?");
}

/// The matrix with f(query, key, score) in every place.
template <class F>
Tensor64 each_score(const Tensor& scores, F f) {
  Tensor64 result = to_double(scores);
  for (std::int64_t h = 0; h < scores.dim(0); ++h)
    for (std::int64_t i = 0; i < scores.dim(1); ++i)
      for (std::int64_t j = 0; j < scores.dim(2); ++j) result.at(h, i, j) = f(i, j, result.at(h, i, j));
  return result;
}

/// Matches the scores with -inf where a causal query does not see the key.
inline Matches is_masked(const Tensor& scores) {
  const std::int64_t shift = scores.dim(2) - scores.dim(1);
  const auto hidden_by = [&](auto hides, double value = -std::numeric_limits<double>::infinity()) {
    return [=] { return each_score(scores, [=](auto i, auto j, double x) { return hides(i, j) ? value : x; }); };
  };
  const auto right = [=](std::int64_t i, std::int64_t j) { return j > i + shift; };
  return matches(hidden_by(right)(), exact())
      .but_not(hidden_by([](auto, auto) { return false; }), "nothing is masked")
      .but_not(
          hidden_by([](auto i, auto j) { return j > i; }),
          "the causal mask is aligned at the start. The queries are the last q_len of kv_len positions: query i sees "
          "key j if j <= i + kv_len - q_len")
      .but_not(hidden_by([=](auto i, auto j) { return j >= i + shift; }),
               "a query sees the key at its own position, too")
      .but_not(hidden_by([=](auto i, auto j) { return j > i + shift + 1; }),
               "a query sees the key behind its own position: the mask is off by one")
      .but_not(hidden_by([=](auto i, auto j) { return j <= i + shift; }), "turned around: what is hidden was kept")
      .but_not(hidden_by(right, 0),
               "hidden scores became 0. To a softmax that is a score like any other: e^0 is 1. Only -inf has no weight")
      .but_not(
          hidden_by(right, -1e9f),
          "hidden scores became -1e9. That is a number: a query that sees nothing has only these, they are all alike, "
          "and it attends to every key that it must not see. Only -INFINITY is safe")
      .but_if(
          [=](const Tensor64& got) {
            if (got.shape() != scores.shape() || scores.dim(0) < 2) return false;
            const Tensor64 expected = hidden_by(right)();
            return std::equal(got.row(0, 0).begin(), got.row(0, 0).end(), expected.row(0, 0).begin());
          },
          "head 0 begins well, the rest is wrong: a query's number counts inside its head, n / kv_len % q_len");
}

/// A weight's error, as in lesson 14.
inline Tolerance weight_tolerance(std::int64_t cols) {
  const auto n = static_cast<double>(cols);
  return {0x1p-126, (n + std::log(n + 1) + 88 + 12) * kUnitRoundoff, "rounding of " + std::to_string(cols) + " terms"};
}

/// Matches the softmax of every row.
inline Matches is_softmax(const Tensor& scores) {
  const Tensor64 expected = oracle::softmax(scores);
  return matches(expected, weight_tolerance(scores.dim(-1)))
      .but_not([=] { return to_double(scores); }, "the scores are as they were: was anything written back?")
      .but_if(
          [=](const Tensor64& got) {
            return got.shape() == expected.shape() &&
                   std::ranges::any_of(got.values(), [](double x) { return std::isnan(x); });
          },
          "NaN. A row that is fully masked has maximum -inf, and -inf - (-inf) is NaN; its sum is 0, and so is 0 / 0. "
          "Shift "
          "it by 0 and make it zeros. Or a logit was not shifted, and exp of it is inf")
      .but_if(
          [=](const Tensor64& got) {
            if (got.shape() != expected.shape()) return false;
            for (std::int64_t n = 0; n < got.size(); ++n)
              if (n % scores.dim(-1) % 32 == 0 && std::abs(got.data()[n] - expected.data()[n]) > 1e-4) return false;
            return true;
          },
          "columns 0, 32, 64, ... are right, the others are not: only lane 0 knows what the shuffles have found");
}

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
               "every head gets the values of head 0: a head begins kv_len rows of v behind the one before it")
      .but_if(
          [=](const Tensor64& got) { return some_never_written(got, expected); },
          "some of the output was never written (NaN is what fresh device memory holds here): one thread for each of "
          "heads * q_len * head_dim elements, the number of blocks rounded up");
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
  const Problem& p = in.problem;
  const auto one_sequence = [&](const Tensor& x) { return x.reshaped({1, x.dim(0), x.dim(1), x.dim(2)}); };
  const Tensor q = one_sequence(in.q), k = one_sequence(in.k), v = one_sequence(in.v);
  const oracle::Attention right{.visible = oracle::visible(Mask::causal, p.q_len, p.kv_len)};
  const auto as_heads = [=](const Tensor64& x) { return x.reshaped({p.heads, p.q_len, p.head_dim}); };
  const auto with = [=](auto change) {
    return [=] {
      oracle::Attention wrong = right;
      change(wrong);
      return as_heads(oracle::attention(q, k, v, wrong));
    };
  };
  return matches(as_heads(oracle::attention(q, k, v, right)), oracle::attention_rounding(q, k, v, right))
      .but_not(with([](auto& a) { a.scale = 1; }), "the scores are not scaled: 1 / sqrt(head_dim)")
      .but_not(with([=](auto& a) { a.scale = 1.0 / p.head_dim; }), "divided by head_dim: its square root is missing")
      .but_not(with([=](auto& a) { a.scale = std::sqrt(p.head_dim); }), "multiplied by sqrt(head_dim): it divides")
      .but_not(with([](auto& a) { a.visible = {}; }), "there is no mask")
      .but_not(with([](auto& a) { a.mask_after_softmax = true; }),
               "the mask came after the softmax: hidden keys have lost their values but still count in the sum")
      .but_if(
          [](const Tensor64& got) { return std::ranges::any_of(got.values(), [](double x) { return std::isnan(x); }); },
          "NaN. If the five pass alone, it is in their order: the mask comes before the softmax, which knows what to "
          "do "
          "with a row of nothing but -inf");
}

inline void check_attention(const Problem& p, float stddev = 1) {
  const Inputs in = random_inputs(p, stddev);
  Tensor out(in.q.shape());
  student<unfused_attention>(in.q, in.k, in.v, out, {});
  CHECK_THAT(out, is_attention(in));
}

}  // namespace workbook::cuda_unfused
