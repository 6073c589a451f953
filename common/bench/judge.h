#pragma once
/// Whether a case's result is right, and what its row says then.

#include "common/bench/group.h"

namespace workbook::bench {

/// Compares each tensor with that of `expected` and fills in the row: error, memory, intensity, and the distance to
/// `baseline`, multi-head softmax attention with the same weights. A case that is wrong is over.
void judge(const Group& group, Running& running, const Observed& seen, const std::vector<Tensor64>& expected,
           const Tensor64& baseline);

}  // namespace workbook::bench
