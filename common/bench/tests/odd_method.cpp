// A method of which some functions are not written, crash, throw, or return nonsense.

#include "method.h"

#include <algorithm>

#include "common/contract/not_implemented.h"

using namespace workbook;

method::Interval method::median_interval(const std::vector<double>& seconds, double confidence) {
  const auto [low, high] = std::ranges::minmax(seconds);
  return {low, confidence, high};  // a median that nobody else has
}

method::Drift method::find_drift(const std::vector<double>& /*seconds*/) { throw NotImplemented(); }

std::vector<std::int64_t> method::find_outliers(const std::vector<double>& /*seconds*/) { __builtin_trap(); }

std::vector<int> method::order_of_runs(int cases, int /*rounds*/) { return {cases, 0, 0}; }

method::Comparison method::compare(const std::vector<double>& baseline, const std::vector<double>& candidate,
                                   double /*confidence*/) {
  const auto real = [](const std::vector<double>& x) { return static_cast<double>(x.size()); };
  return {real(baseline), real(candidate), baseline.front() / candidate.front(), "undecided"};
}

method::Work method::useful_work(const attention_layer::Extents& /*extents*/, Mask /*mask*/) {
  throw std::invalid_argument("no work today");
}

method::Position method::roofline(const Work& /*work*/, double /*seconds*/, double /*peak*/, double /*bandwidth*/) {
  return {};
}
