#pragma once
/// What a benchmark comes to: the seeds' summary, and which backend takes what.

#include "common/bench/document.h"
#include "common/bench/engine.h"

namespace workbook::bench {

/// Over all measured cases that have an unfused baseline of their own type and are none.
struct Summary {
  int cases = 0;
  double average_speedup = kUnknown;  ///< geometric mean of the best backend's speedup, layer by layer
  double largest_speedup = kUnknown;
  std::string largest_of;    ///< "grouped-query on seed_layer, flash"
  std::string best_backend;  ///< fastest most often
  int best_count = 0, groups = 0;
  double least_saved = kUnknown, most_saved = kUnknown;  ///< workspace of the best backend
};
Summary summarize(const std::vector<Case>& cases);

/// Calls every offered backend on small inputs of many kinds and compares with the definition.
std::vector<Capability> probe_capabilities(const Options& options, const std::vector<Offer>& offers);

}  // namespace workbook::bench
