#pragma once
/// bfloat16: the upper half of a float, 8 bits of exponent and 7 of mantissa.

#include "workbook_sim/narrow_math.h"

WORKBOOK_NARROW_TYPES(__nv_bfloat16, __nv_bfloat162, bfloat16, bfloat162, 8, 7)
WORKBOOK_NARROW_MATH(__nv_bfloat16, __nv_bfloat162)

using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;
