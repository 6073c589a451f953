#pragma once
/// Inputs of attention, different for every batch and head.

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "common/checker/inputs.h"
#include "common/contract/mask.h"
#include "common/oracle/attention.h"

namespace workbook::attention_tests {

/// Arguments of one call.
struct Inputs {
  Tensor q;  ///< [batch, heads, q_len, head_dim]
  Tensor k;  ///< [batch, kv_heads, kv_len, head_dim]
  Tensor v;  ///< [batch, kv_heads, kv_len, value_dim]
  /// Unit roundoff of the type that an implementation rounds weights and result to, where that is not float.
  double narrow = 0;
  std::int64_t q_len() const { return q.dim(-2); }
  std::int64_t kv_len() const { return k.dim(-2); }
};

struct Sizes {
  std::int64_t batch = 1, heads = 1;
  std::optional<std::int64_t> kv_heads = {};  ///< as many as heads if not given
  std::int64_t q_len = 1, kv_len = 1, head_dim = 8;
  std::optional<std::int64_t> value_dim = {};  ///< head_dim if not given
};

/// Normal elements; those of q and k have the standard deviation `stddev`, which makes scores large.
inline Inputs random_inputs(const Sizes& s, float stddev = 1) {
  const std::int64_t kv_heads = s.kv_heads.value_or(s.heads);
  return {random_normal({s.batch, s.heads, s.q_len, s.head_dim}, stddev),
          random_normal({s.batch, kv_heads, s.kv_len, s.head_dim}, stddev),
          random_normal({s.batch, kv_heads, s.kv_len, s.value_dim.value_or(s.head_dim)})};
}

/// The same inputs in float16 or bfloat16, and what these hold as floats.
template <class T>
struct Narrow {
  TensorOf<T> q, k, v;
  Inputs wide;

  explicit Narrow(const Inputs& in)
      : q(rounded_to<T>(in.q)),
        k(rounded_to<T>(in.k)),
        v(rounded_to<T>(in.v)),
        wide{widened(q), widened(k), widened(v), kRoundoffOf<T>} {}
};

/// x rounded to whole numbers. Where q and k are whole and head_dim is 4, 16 or 64, large scores have no rounding: what
/// is left is that of the softmax, however large they are.
inline Tensor whole_numbers(Tensor x) {
  for (float& value : x.values()) value = std::nearbyint(value);
  return x;
}

/// Inputs whose scores are large and exact: the largest of a row is mostly hundreds above the next.
inline Inputs inputs_of_large_scores(const Sizes& s, float stddev = 20) {
  const Inputs in = random_inputs(s, stddev);
  return {whole_numbers(in.q), whole_numbers(in.k), in.v};
}

/// Inputs in which query i has one score with all keys, scores[i % scores.size()], to the last bit, whoever adds up:
/// only channel 0 of q and k is not 0. So its result is the mean of the values that it sees. @pre head_dim is 4 or 16
inline Inputs inputs_of_equal_scores(const Sizes& s, const std::vector<float>& scores) {
  Inputs in = random_inputs(s);
  std::ranges::fill(in.q.values(), 0.f);
  std::ranges::fill(in.k.values(), 0.f);
  const std::int64_t head_dim = s.head_dim;
  const auto root = std::sqrt(static_cast<float>(head_dim));
  for (std::int64_t n = 0; n < in.q.size() / head_dim; ++n)
    in.q.values()[n * head_dim] = root * scores[static_cast<std::size_t>(n % s.q_len) % scores.size()];
  for (std::int64_t n = 0; n < in.k.size() / head_dim; ++n) in.k.values()[n * head_dim] = 1;
  return in;
}

/// Scores of all sizes: below what people take for -inf (-1e4, -1e9, -1e30), and far above what exp can take.
inline const std::vector<float> kScoresOfAllSizes{-300, -3e4f, -2e9f, -2e30f, 0, 300, 1e30f};
inline const char* const kOneScoreEach =
    "The queries have one score with all keys each: -300, -3e4, -2e9, -2e30, 0, 300, 1e30, and again from -300 on.";

/// The same numbers with one axis for batches and heads: [batch * heads, len, channels].
inline Inputs in_three_axes(const Inputs& in) {
  const auto flat = [](const Tensor& x) { return x.reshaped({x.dim(0) * x.dim(1), x.dim(2), x.dim(3)}); };
  return {flat(in.q), flat(in.k), flat(in.v)};
}

/// Every batch with the numbers of batch 0.
template <class T>
TensorOf<T> first_batch_only(const TensorOf<T>& x) {
  TensorOf<T> result = x;
  const std::int64_t size = x.dim(0) > 0 ? x.size() / x.dim(0) : 1;
  for (std::int64_t i = 0; i < x.size(); ++i) result.values()[i] = x.values()[i % size];
  return result;
}

/// The extents of these inputs and their mask, as a contract's struct of seven fields holds them: batch, heads,
/// kv_heads, q_len, kv_len, head_dim, mask.
template <class Problem>
Problem problem_of(const Inputs& in, Mask mask) {
  const auto extent = [](const Tensor& x, int axis) { return static_cast<int>(x.dim(axis)); };
  return {extent(in.q, 0), extent(in.q, 1), extent(in.k, 1), extent(in.q, 2), extent(in.k, 2), extent(in.q, 3), mask};
}

inline oracle::Attention formula(const Inputs& in, Mask mask) {
  return {.visible = oracle::visible(mask, in.q_len(), in.kv_len())};
}

}  // namespace workbook::attention_tests
