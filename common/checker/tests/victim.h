#pragma once
/// A contract of one function, for implementations that misbehave.

#include "common/contract/contract.h"
#include "common/tensor/tensor.h"

namespace workbook::victim {

/// Twice x, element by element.
Tensor twice(const Tensor& x);

inline constexpr Contract<twice> contract;

}  // namespace workbook::victim
