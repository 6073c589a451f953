#pragma once
// What nearly every implementation includes.
#include "common/cmake/lean_math.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/contract/contract.h"
#include "common/tensor/linalg.h"

// Classes instantiated here need not be instantiated again in every file.
static_assert(sizeof(workbook::Tensor) + sizeof(workbook::View) + sizeof(workbook::ConstView) > 0);
static_assert(sizeof(std::span<float>) + sizeof(std::span<const float>) + sizeof(std::vector<float>) > 0);
static_assert(workbook::detail::RowsOfFloats<workbook::View> && workbook::detail::RowsOfFloats<workbook::ConstView>);
