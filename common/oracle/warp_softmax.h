#pragma once
/// The softmax of a warp that misuses its shuffles.

#include "common/tensor/tensor.h"

namespace workbook::oracle {

/// Softmax over the last axis as 32 lanes compute it, column j belonging to lane j % 32, if their shuffles only hand
/// values down: lane t takes for maximum and sum of the row what lanes t, t + 1, ... have found. Lane 0 alone has the
/// true maximum, and nobody the true sum.
Tensor64 softmax_shuffled_down(const Tensor& x);

}  // namespace workbook::oracle
