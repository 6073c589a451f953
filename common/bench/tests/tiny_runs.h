#pragma once
/// Runs of tiny benchmarks, for the tests.

#include "common/bench/engine.h"

namespace workbook::bench {

inline Options options_for(const std::string& workload) {
  return {.workloads = workloads_named(workload),
          .origins = plugin_origins(PLUGINS, "solution", WORKER),
          .num_runs = 1,
          .warmup = 0,
          .memory = std::int64_t{2} << 30};
}

inline std::vector<Case> run(
    const Options& options, const Stop& stop = [] { return false; }) {
  Ceilings ceilings;
  return run_benchmark(
      options, find_offers(options), ceilings, [](const Step&) {}, stop);
}

inline const Case& the_case(const std::vector<Case>& cases, const std::string& backend) {
  for (const Case& c : cases)
    if (c.backend == backend) return c;
  throw std::logic_error("no case of " + backend);
}

/// An origin that counts how often it is opened.
inline Origin counted(const Origin& origin, int& opened) {
  return {origin.lesson, [=, &opened](const Limits& limits) {
            ++opened;
            return origin.open(limits);
          }};
}

}  // namespace workbook::bench
