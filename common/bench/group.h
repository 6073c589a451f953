#pragma once
/// The cases of a benchmark as they are run: those of one layer together.

#include "common/bench/engine.h"

namespace workbook::bench {

/// A case on its way to its row.
struct Running {
  Case row;
  Offer offer;
  double flops = 0;
  double moved = 0;    ///< bytes that move at the least: inputs, output, and the workspace written and read
  double guess_s = 0;  ///< one run
  int calls_left = 0;  ///< that are planned
};

/// The cases of one layer on one workload: they share inputs, weights, reference and turns.
struct Group {
  Workload workload;
  Layer layer;
  Config config;
  std::vector<Running> cases;
  double reference_s = 0;  ///< a guess
};

/// All groups that the options ask for, in order.
std::vector<Group> make_groups(const Options& options, const std::vector<Offer>& offers);

}  // namespace workbook::bench
