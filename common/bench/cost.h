#pragma once
/// What a case costs by its formula: arithmetic, bytes that have to move, memory. Nothing here is measured.

#include "common/bench/workload.h"

namespace workbook::bench {

/// (query, key) pairs that a query may see; causal with equal lengths: N (N + 1) / 2.
double visible_pairs(const Config& config);

/// Useful multiplications and additions: projections, visible pairs, or states of linear attention; in training, for
/// each visible pair, two products forward and four back. Exponentials, masked pairs, normalisers, and what is computed
/// a second time do not count.
double useful_flops(const Config& config, Formula formula);

/// Inputs and weights, once; the output, once. On a CPU a backend's 16-bit type is that of keys and values alone.
double compulsory_bytes(const Config& config, const attention_layer::Backend& backend = {});

/// Inputs and weights that a worker keeps.
std::int64_t input_bytes(const Config& config);

/// What a layer holds at its fullest beside inputs and weights: projected tensors, and the core's own workspace.
/// @param core_workspace what the lesson promises (attention_layer::core_workspace)
std::int64_t peak_estimate(const Config& config, std::int64_t core_workspace);

/// The result in float, and its reference in double.
std::int64_t result_bytes(const Config& config);

/// What the double reference holds at its fullest.
std::int64_t reference_bytes(const Config& config);

/// Of one element.
std::int64_t bytes_of(const std::string& dtype);

/// Bytes that can be had on this machine without swapping.
std::int64_t available_memory();

}  // namespace workbook::bench
