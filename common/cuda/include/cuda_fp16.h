#pragma once
/// float16: 5 bits of exponent, 10 of mantissa.

#include "workbook_sim/narrow_math.h"

WORKBOOK_NARROW_TYPES(__half, __half2, half, half2, 5, 10)
WORKBOOK_NARROW_MATH(__half, __half2)

using half = __half;
using half2 = __half2;
