#pragma once
/// Softmax and log-sum-exp over the last axis, in double.
///
/// A row of nothing but -inf (fully masked), or of nothing at all, has log-sum-exp -inf and softmax zeros. A NaN makes
/// its row NaN. A row with +inf has log-sum-exp +inf, and its softmax is NaN at the +inf and zero elsewhere.

#include "common/tensor/compare.h"

namespace workbook::oracle {

/// log(sum_j exp(x[..., j])). The shape loses its last axis; of [n] there remains [1].
Tensor64 log_sum_exp(const Tensor64& x);
Tensor64 log_sum_exp(const Tensor& x);

/// exp(x[..., j]) / sum_k exp(x[..., k]), of x's shape.
Tensor64 softmax(const Tensor64& x);
Tensor64 softmax(const Tensor& x);

/// What float may lose of a weight in a row of n logits, relative to the weight: n + log n + 2 roundings of the sum,
/// |d| + 2 of its own exponential, 1 of the division, and a few to spare. Here d is the logit less the row's maximum,
/// and a weight that is a normal number has |d| <= 88; of smaller ones nothing is asked but that they are that small.
/// @param exp_ulps how many units in the last place exp() may be off
Tolerance softmax_rounding(std::int64_t n, int exp_ulps = 1);

/// log of softmax without its underflow: x[..., j] - log_sum_exp(x)[...]; -inf in a fully masked row.
Tensor64 log_softmax(const Tensor64& x);
Tensor64 log_softmax(const Tensor& x);

}  // namespace workbook::oracle
