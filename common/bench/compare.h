#pragma once
/// What changed between two runs of a benchmark.

#include "common/bench/document.h"

namespace workbook::bench {

/// A change of the median counts if it is larger than this share, and than three standard errors of the difference.
inline constexpr double kLeastChange = 0.05;

/// Cases of both, by workload, layer, backend, device, type and scale: those that became faster or slower beyond the
/// noise, became wrong or right, take more or less memory, or are in one of them only. Ends with a line that counts.
std::string comparison(const Document& before, const Document& after);

}  // namespace workbook::bench
