#pragma once
/// The scores inside attention, in double: what log-sum-exps and weights are computed from.

#include "common/oracle/attention.h"

namespace workbook::oracle {

/// scale q k^T with -inf where a query does not see the key; scale is 1 / sqrt(head_dim).
/// q [batch, heads, q_len, head_dim], k [batch, kv_heads, kv_len, head_dim] -> [batch, heads, q_len, kv_len].
Tensor64 attention_scores(const Tensor& q, const Tensor& k, const Visible& visible = {});

/// What float may lose of one score: head_dim additions and a few more roundings, of the largest sum of |q k| terms.
double score_rounding(const Tensor& q, const Tensor& k);

}  // namespace workbook::oracle
