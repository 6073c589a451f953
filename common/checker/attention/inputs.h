#pragma once
/// Inputs of attention, and results that are wrong in some rows only.

#include <cmath>

#include "common/checker/inputs.h"
#include "common/checker/matchers.h"
#include "common/oracle/attention.h"

namespace workbook::attention_tests {

/// Arguments of one call, different for every batch and head.
struct Inputs {
  Tensor q, k, v;
  std::int64_t q_len() const { return q.dim(2); }
  std::int64_t kv_len() const { return k.dim(2); }
};

struct Sizes {
  std::int64_t batch = 1, heads = 1, kv_heads = 1, q_len = 1, kv_len = 1, head_dim = 8;
};

inline Inputs random_inputs(const Sizes& s, float stddev = 1) {
  return {random_normal({s.batch, s.heads, s.q_len, s.head_dim}, stddev),
          random_normal({s.batch, s.kv_heads, s.kv_len, s.head_dim}, stddev),
          random_normal({s.batch, s.kv_heads, s.kv_len, s.head_dim})};
}

inline oracle::Attention formula(const Inputs& in, Mask mask) {
  return {.visible = oracle::visible(mask, in.q_len(), in.kv_len())};
}

/// The right result, but NaN, or the mean of all values, in the rows of queries that see no key.
inline Tensor64 with_blind_rows(const Inputs& in, const oracle::Attention& right, bool mean) {
  Tensor64 result = oracle::attention(in.q, in.k, in.v, right);
  const oracle::Attention flat{.scale = 0};  // every key counts the same
  const Tensor64 means = oracle::attention(in.q, in.k, in.v, flat);
  for (std::int64_t b = 0; b < result.dim(0); ++b)
    for (std::int64_t h = 0; h < result.dim(1); ++h)
      for (std::int64_t i = 0; right.visible && i < in.q_len() - in.kv_len(); ++i)
        for (std::int64_t d = 0; d < result.dim(3); ++d)
          result.at(b, h, i, d) = mean ? means.at(b, h, i, d) : std::nan("");
  return result;
}

}  // namespace workbook::attention_tests
