#pragma once
/// How timings are judged, where a lesson offers that: its testcases/NN_name/method.cpp defines these functions by the
/// lesson's own. `bench mine` calls them in a worker, with what it has measured.

#include <string>
#include <vector>

#include "attention_layer.h"

namespace workbook::method {

/// The median of a series lies between low and high, with the confidence that was asked for.
struct Interval {
  double low = 0, median = 0, high = 0;
};

struct Drift {
  double per_run = 0;  ///< share of the median by which a run takes longer than the one before it
  bool drifts = false;
};

struct Comparison {
  double low = 0, speedup = 0, high = 0;
  std::string outcome;  ///< of the candidate: "faster", "slower", "undecided"
};

struct Work {
  std::int64_t flops = 0, bytes = 0;
};

/// Where a case stands below the roof of a machine.
struct Position {
  double intensity = 0, share_of_roof = 0, share_of_peak = 0;
  std::string limit;  ///< "arithmetic", "bandwidth", "neither"
};

Interval median_interval(const std::vector<double>& seconds, double confidence);
Drift find_drift(const std::vector<double>& seconds);

/// Their places in the series.
std::vector<std::int64_t> find_outliers(const std::vector<double>& seconds);

/// The number of a case for each run: every case once in each round.
std::vector<int> order_of_runs(int cases, int rounds);

/// Of two series whose runs took turns.
Comparison compare(const std::vector<double>& baseline, const std::vector<double>& candidate, double confidence);

/// Of attention alone.
Work useful_work(const attention_layer::Extents& extents, Mask mask);

/// @param peak, bandwidth what the machine does in a second at its best: FLOPs and bytes
Position roofline(const Work& work, double seconds, double peak, double bandwidth);

inline constexpr Contract<median_interval, find_drift, find_outliers, order_of_runs, compare, useful_work, roofline>
    contract;

}  // namespace workbook::method
