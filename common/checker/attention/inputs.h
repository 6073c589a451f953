#pragma once
/// Inputs of attention, different for every batch and head.

#include <optional>

#include "common/checker/inputs.h"
#include "common/contract/mask.h"
#include "common/oracle/attention.h"

namespace workbook::attention_tests {

/// Arguments of one call.
struct Inputs {
  Tensor q;  ///< [batch, heads, q_len, head_dim]
  Tensor k;  ///< [batch, kv_heads, kv_len, head_dim]
  Tensor v;  ///< [batch, kv_heads, kv_len, value_dim]
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
