#pragma once
/// Inputs, and what the kernels of the scores should leave in memory.

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "common/checker/attention/inputs.h"
#include "common/checker/student.h"

namespace workbook::cuda_unfused {

using attention_tests::Inputs;  // of three axes: q [heads, q_len, head_dim], k and v [heads, kv_len, head_dim]

inline Inputs random_inputs(const Problem& p, float stddev = 1) {
  return in_three_axes(attention_tests::random_inputs(
      {.heads = p.heads, .q_len = p.q_len, .kv_len = p.kv_len, .head_dim = p.head_dim}, stddev));
}

inline Problem problem_of(const Inputs& in) {
  return {int(in.q.dim(0)), int(in.q.dim(1)), int(in.k.dim(1)), int(in.q.dim(2))};
}

/// sum over c of a[row of a, c] * b[row of b, c], for c < channels and in double.
inline double dot(std::span<const float> a, std::span<const float> b, std::int64_t channels, bool magnitude = false) {
  double sum = 0;
  for (std::int64_t c = 0; c < channels; ++c) sum += magnitude ? std::abs(double{a[c]} * b[c]) : double{a[c]} * b[c];
  return sum;
}

/// q k^T of every head, over some channels, with the keys of head key_head(h, i) for query i.
template <class KeyHead>
Tensor64 scores_of(const Inputs& in, std::int64_t channels, KeyHead key_head, bool magnitudes = false) {
  const Problem p = problem_of(in);
  Tensor64 scores({p.heads, p.q_len, p.kv_len});
  for (std::int64_t h = 0; h < p.heads; ++h)
    for (std::int64_t i = 0; i < p.q_len; ++i)
      for (std::int64_t j = 0; j < p.kv_len; ++j)
        scores.at(h, i, j) = dot(in.q.row(h, i), in.k.row(key_head(h, i), j), channels, magnitudes);
  return scores;
}
inline constexpr auto own_head = [](std::int64_t h, std::int64_t) { return h; };
inline Tensor64 scores_of(const Inputs& in, bool magnitudes = false) {
  return scores_of(in, in.q.dim(2), own_head, magnitudes);
}

inline Problem problem_of(const Tensor& scores) {
  return {int(scores.dim(0)), int(scores.dim(1)), int(scores.dim(2)), 1};
}

/// Matches q k^T, not scaled. `channels_at_a_time` is kTile for the tiled kernel.
inline Matches is_scores(const Inputs& in, std::int64_t channels_at_a_time = 1) {
  const Problem p = problem_of(in);
  const Tensor64 expected = scores_of(in);
  const double largest = std::ranges::max(scores_of(in, true).values());
  Matches matcher = matches(expected, rounding(p.head_dim + 1.0, largest));
  std::move(matcher)
      .but_not(
          [=] {
            Tensor64 scaled = expected;
            for (double& x : scaled.values()) x /= std::sqrt(p.head_dim);
            return scaled;
          },
          "these are scaled already: that is the next kernel's work")
      .but_not([=] { return scores_of(in, p.head_dim, [](auto, auto) { return 0; }); },
               "every head meets the keys of head 0: a head begins kv_len rows of k behind the one before it")
      .but_not([=] { return scores_of(in, p.head_dim, [=](auto h, auto i) { return (h * p.q_len + i) % p.heads; }); },
               "a query's head is its row of q by q_len, not modulo heads: a head has q_len rows side by side")
      .but_not(
          [=] { return scores_of(in, p.head_dim / channels_at_a_time * channels_at_a_time, own_head); },
          "the last channels are missing: head_dim need not be a multiple of kTile, and the last piece is narrower")
      .but_not([=] { return scores_of(in, std::min<std::int64_t>(channels_at_a_time, p.head_dim), own_head); },
               "only the first piece of channels counts: go on to the next, and keep the sum")
      .but_not(
          [=] {
            Tensor64 wrong = expected;
            for (std::int64_t n = 0; n < expected.size(); ++n) {
              const std::int64_t each = std::int64_t{p.q_len} * p.kv_len, r = n % each;
              wrong.values()[n] = expected.at(n / each, r % p.q_len, r / p.q_len);
            }
            return wrong;
          },
          "this is k q^T, the scores with queries and keys swapped: a query's scores are a row");
  for (const int channels : {16, 32, 64, 96, 128, 160, 192, 256})
    if (channels < p.head_dim)
      std::move(matcher).but_not([=] { return scores_of(in, channels, own_head); },
                                 fmt::format("only the first {} channels count: head_dim may be any number", channels));
  return matcher;
}

/// How many products F adds before it adds them to the others.
template <auto F>
inline constexpr int channels_at_a_time = 1;
template <>
inline constexpr int channels_at_a_time<attention_scores_tiled> = kTile;

/// Calls F, attention_scores or the tiled one, and checks what it leaves.
template <auto F>
void check_scores(const Problem& p) {
  const Inputs in = random_inputs(p);
  Tensor scores({p.heads, p.q_len, p.kv_len});
  student<F>(in.q, in.k, scores, {});
  CHECK_THAT(scores, is_scores(in, channels_at_a_time<F>));
}

}  // namespace workbook::cuda_unfused
