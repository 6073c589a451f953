#pragma once
/// The double reference of whole layers at benchmark sizes.
///
/// The oracle is written for reading and takes minutes here. This one multiplies with Eigen in double on all cores, a
/// block of queries at a time, and is itself checked against the oracle each time a benchmark starts.

#include "common/bench/workload.h"

namespace workbook::bench {

/// The layer's result with the inputs and weights of inputs.h; tensors as attention_layer::Runner::forward.
std::vector<Tensor64> reference(const Config& config, Formula formula);

/// Attention alone, for given q, k and v, on so many threads.
Tensor64 reference_attention(const Tensor64& q, const Tensor64& k, const Tensor64& v, Mask mask, Formula formula,
                             int threads);

/// @throws std::logic_error if the reference and the oracle differ
void check_reference();

}  // namespace workbook::bench
