#pragma once
/// The gradients of attention by their formulas, in double. A test compares the formulas with central differences.

#include "common/oracle/attention.h"

namespace workbook::oracle {

/// What a weight is multiplied with before it meets its value: 0 or 1 / (1 - p) for dropout.
using WeightFactor =
    std::function<double(std::int64_t batch, std::int64_t head, std::int64_t row, std::int64_t column)>;

struct AttentionBackward {
  Visible visible;      ///< empty: every query sees every key
  WeightFactor factor;  ///< empty: 1
};

struct AttentionGradients {
  Tensor64 dq;  ///< [batch, heads, q_len, head_dim]
  Tensor64 dk;  ///< [batch, kv_heads, kv_len, head_dim]
  Tensor64 dv;  ///< [batch, kv_heads, kv_len, value_dim]
};

/// Derivatives of sum(d_output * attention(q, k, v)) with respect to q, k and v. Query head h reads KV head
/// h / (heads / kv_heads). A query that sees no key has zero gradients.
/// Time O(batch heads q_len kv_len (head_dim + value_dim)), memory O(kv_len) beside arguments and result.
AttentionGradients attention_backward(const Tensor& q,         // [batch, heads, q_len, head_dim]
                                      const Tensor& k,         // [batch, kv_heads, kv_len, head_dim]
                                      const Tensor& v,         // [batch, kv_heads, kv_len, value_dim]
                                      const Tensor& d_output,  // [batch, heads, q_len, value_dim]
                                      const AttentionBackward& options = {});
AttentionGradients attention_backward(const Tensor64& q, const Tensor64& k, const Tensor64& v, const Tensor64& d_output,
                                      const AttentionBackward& options = {});

struct GradientTolerances {
  Tolerance dq, dk, dv;
};

/// What float may lose of each: 16 times the error of the same formulas evaluated in float, with the weights made from
/// a log-sum-exp that was rounded to float, as a forward pass stores it (see lost_in_float()), and in dq and dk a few
/// roundings of the terms that cancel in dp - D.
/// @param exact what attention_backward() gives for the same arguments
GradientTolerances attention_backward_rounding(const Tensor& q, const Tensor& k, const Tensor& v,
                                               const Tensor& d_output, const AttentionBackward& options,
                                               const AttentionGradients& exact);

}  // namespace workbook::oracle
