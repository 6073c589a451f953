#pragma once
/// Tolerances for formulas that are too long for a bound that would say anything.

#include "common/tensor/compare.h"

namespace workbook::oracle {

/// What float may lose: 16 times the error of the same formula evaluated in float, plus a few roundings of the largest
/// result. The order of operations is free, and other orders lose about as much: the factor leaves room for them. The
/// worst case of the rounding analysis is often a thousand times larger. @pre the results are finite
Tolerance lost_in_float(const Tensor& in_float, const Tensor64& exact);

}  // namespace workbook::oracle
