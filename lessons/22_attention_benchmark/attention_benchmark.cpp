#include "attention_benchmark.h"

using namespace workbook;
using namespace workbook::attention_benchmark;

Work attention_benchmark::useful_work(const Attention& /*call*/, const std::optional<TensorOf<bool>>& /*allowed*/) {
  // TODO(1): count the pairs that are seen, then what each costs, and what has to move.
  throw NotImplemented();
}

Interval attention_benchmark::median_interval(const std::vector<double>& /*seconds*/, double /*confidence*/) {
  // TODO(2): sort, and find the rank from a coin that is tossed once for each run.
  throw NotImplemented();
}

Drift attention_benchmark::find_drift(const std::vector<double>& /*seconds*/) {
  // TODO(3): the median slope of all pairs, and how many pairs rise.
  throw NotImplemented();
}

std::vector<std::int64_t> attention_benchmark::find_outliers(const std::vector<double>& /*seconds*/) {
  // TODO(4): how far is each time from the median, measured by the median of these distances?
  throw NotImplemented();
}

std::vector<int> attention_benchmark::order_of_runs(int /*cases*/, int /*rounds*/) {
  // TODO(5): which order of the next round makes good what this round was unfair about?
  throw NotImplemented();
}

Comparison attention_benchmark::compare(const std::vector<double>& /*baseline*/,
                                        const std::vector<double>& /*candidate*/, double /*confidence*/) {
  // TODO(6): what do the two runs of one round have in common?
  throw NotImplemented();
}

Position attention_benchmark::roofline(const Work& /*work*/, double /*seconds*/, const Machine& /*machine*/) {
  // TODO(7): two times that no program can beat; the longer one is the roof.
  throw NotImplemented();
}

Timed attention_benchmark::verify_then_time(Candidate& /*candidate*/, int /*warmup*/, int /*runs*/) {
  // TODO(8): check first, time then, check again.
  throw NotImplemented();
}
