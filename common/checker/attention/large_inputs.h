#pragma once
/// Inputs of tests that are large for their memory's sake: uniform numbers are drawn five times as fast as normal ones.

#include <numbers>

#include "common/checker/attention/inputs.h"

namespace workbook::attention_tests {

/// Uniform elements of mean 0 and variance 1, like those of random_normal.
inline Tensor random_uniform(const Shape& shape) {
  Tensor result(shape);
  for (float& x : result.values()) x = static_cast<float>(std::numbers::sqrt3 * (2 * session().random().uniform() - 1));
  return result;
}

/// Inputs of uniform elements, different for every batch and head.
inline Inputs uniform_inputs(const Sizes& s) {
  const std::int64_t kv_heads = s.kv_heads.value_or(s.heads);
  return {random_uniform({s.batch, s.heads, s.q_len, s.head_dim}),
          random_uniform({s.batch, kv_heads, s.kv_len, s.head_dim}),
          random_uniform({s.batch, kv_heads, s.kv_len, s.value_dim.value_or(s.head_dim)})};
}

}  // namespace workbook::attention_tests
