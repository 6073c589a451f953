#pragma once
/// What attention becomes where a kernel has a number in the place of an extent.

#include "common/checker/attention/inputs.h"
#include "common/checker/matchers.h"

namespace workbook::attention_tests {

/// Knows a scale and a number of channels that do not depend on head_dim, a mask that does not depend on `mask`, and
/// queries that see a key at least.
Matches but_not_a_fixed_size(Matches matcher, const Inputs& in, Mask mask);

}  // namespace workbook::attention_tests
