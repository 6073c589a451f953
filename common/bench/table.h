#pragma once
/// The benchmark's results, for a person and for a program.

#include <string>

#include "common/bench/layers.h"

namespace workbook::bench {

struct Machine {
  std::string processor;
  int cores = 0;
  double matmul_gflops = 0;
};

Machine describe_machine();

/// A panel with the configuration, then the table.
std::string as_text(const Machine& machine, const Options& options, const std::vector<Case>& cases);

/// {"machine": {...}, "cases": [{"workload", "layer", "backend", "device", "causal", "median_s", ...}]}
std::string as_json(const Machine& machine, const Options& options, const std::vector<Case>& cases);

/// A header line, then a line for each case.
std::string as_csv(const std::vector<Case>& cases);

}  // namespace workbook::bench
