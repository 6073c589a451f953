#pragma once
/// The double reference of whole layers at benchmark sizes.
///
/// The oracle is written for reading and takes minutes here. This one multiplies with Eigen in double, and is itself
/// checked against the oracle at a small size each time a benchmark starts.

#include "common/oracle/attention.h"

namespace workbook::bench {

/// Causal grouped-query attention layer. Shapes as oracle::attention_layer.
Tensor64 reference_layer(const Tensor64& x, const oracle::LayerWeights& weights, std::int64_t heads,
                         std::int64_t kv_heads);

/// @throws std::logic_error if the reference and the oracle differ
void check_reference();

}  // namespace workbook::bench
