#pragma once
/// Softmax of rows of logits, in float, whatever their size.

#include "common/contract/contract.h"

namespace workbook::stable_softmax {

/// log(sum_j exp(logits[row, j])) for every row; -inf for a row of nothing but -inf.
Tensor log_sum_exp(const Tensor& logits);  // [rows, cols] -> [rows]

/// exp(logits[row, j]) / sum_k exp(logits[row, k]); zeros for a row of nothing but -inf.
Tensor softmax(const Tensor& logits);  // [rows, cols] -> [rows, cols]

inline constexpr Contract<log_sum_exp, softmax> contract;

}  // namespace workbook::stable_softmax
