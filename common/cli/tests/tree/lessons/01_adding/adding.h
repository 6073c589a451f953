#pragma once
/// A sum.

#include "common/contract/contract.h"

namespace workbook::adding {

/// a + b.
int add(int a, int b);

inline constexpr Contract<add> contract;

}  // namespace workbook::adding
