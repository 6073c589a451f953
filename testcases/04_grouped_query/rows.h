#pragma once
/// Inputs of attention, and results that are wrong in some rows only.

#include <cmath>
#include <limits>
#include <vector>

#include "common/checker/student.h"
#include "common/oracle/attention.h"

namespace workbook::grouped_query {

/// Arguments of one call, different for every batch and head.
struct Inputs {
  Tensor q, k, v;
};

inline Inputs random_inputs(std::int64_t batch, std::int64_t heads, std::int64_t kv_heads, std::int64_t q_len,
                            std::int64_t kv_len, std::int64_t head_dim, float stddev = 1) {
  return {random_normal({batch, heads, q_len, head_dim}, stddev),
          random_normal({batch, kv_heads, kv_len, head_dim}, stddev),
          random_normal({batch, kv_heads, kv_len, head_dim})};
}

/// Every batch with the heads of batch 0.
inline Tensor first_batch_only(const Tensor& x) {
  Tensor result = x;
  for (std::int64_t b = 1; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h) result.matrix(b, h) = x.matrix(0, h);
  return result;
}

using Row = std::vector<double>;

/// What 0 / 0 makes of a row.
inline Row not_a_number(const Inputs& in, std::int64_t /*batch*/, std::int64_t /*head*/) {
  return Row(static_cast<std::size_t>(in.v.dim(3)), std::nan(""));
}

/// The mean of all values that this query head may read.
inline Row mean_value(const Inputs& in, std::int64_t batch, std::int64_t head) {
  Row mean(static_cast<std::size_t>(in.v.dim(3)));
  for (std::int64_t j = 0; j < in.v.dim(2); ++j) {
    const auto value = in.v.row(batch, head * in.v.dim(1) / in.q.dim(1), j);
    for (std::size_t d = 0; d < mean.size(); ++d) mean[d] += value[d] / static_cast<double>(in.v.dim(2));
  }
  return mean;
}

/// The right result, but for `fill(in, batch, head)` in the rows of queries that see no key.
template <class Fill>
Tensor64 with_blind_rows(const Inputs& in, const oracle::Attention& right, Fill fill) {
  Tensor64 result = oracle::attention(in.q, in.k, in.v, right);
  const std::int64_t blind = right.visible ? in.q.dim(2) - in.k.dim(2) : 0;
  for (std::int64_t b = 0; b < result.dim(0); ++b)
    for (std::int64_t h = 0; h < result.dim(1); ++h)
      for (std::int64_t i = 0; i < blind; ++i) std::ranges::copy(fill(in, b, h), result.row(b, h, i).begin());
  return result;
}

/// The right result, but for NaN in the rows whose largest score makes exp infinite, or zero, in float.
inline Tensor64 with_overflowing_rows(const Inputs& in, const oracle::Attention& right) {
  const std::int64_t head_dim = in.q.dim(3), n_rep = in.q.dim(1) / in.k.dim(1);
  const double scale = right.scale.value_or(1 / std::sqrt(static_cast<double>(head_dim)));
  Tensor64 result = oracle::attention(in.q, in.k, in.v, right);
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      for (std::int64_t i = 0; i < in.q.dim(2); ++i) {
        double largest = -std::numeric_limits<double>::infinity();
        for (std::int64_t j = 0; j < in.k.dim(2); ++j) {
          if (right.visible && !right.visible(i, j)) continue;
          double score = 0;
          for (std::int64_t d = 0; d < head_dim; ++d) score += in.q.at(b, h, i, d) * in.k.at(b, h / n_rep, j, d);
          largest = std::max(largest, score * scale);
        }
        const float power = std::exp(static_cast<float>(largest));
        if (std::isinf(power) || power == 0) std::ranges::copy(not_a_number(in, b, h), result.row(b, h, i).begin());
      }
  return result;
}

}  // namespace workbook::grouped_query
