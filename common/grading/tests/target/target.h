#pragma once
/// The contract that the hostile corpus pretends to implement.

#include "common/contract/contract.h"
#include "common/tensor/tensor.h"

namespace workbook::target {

/// Twice x, element by element. Needs no memory but the result's.
Tensor twice(const Tensor& x);  // [rows, columns]

inline constexpr Contract<twice> contract;

}  // namespace workbook::target
