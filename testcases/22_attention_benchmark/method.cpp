// Offers lesson 22 to the benchmark: `./workbook bench mine` judges its measurements by the lesson's functions.

#include "method.h"

#include "attention_benchmark.h"

using namespace workbook;
namespace lesson = workbook::attention_benchmark;

namespace {

lesson::Attention call_of(const attention_layer::Extents& e, Mask mask) {
  const auto small = [](std::int64_t extent) { return static_cast<int>(extent); };
  return {.batch = small(e.batch),
          .heads = small(e.heads),
          .kv_heads = small(e.kv_heads),
          .q_len = small(e.q_len),
          .kv_len = small(e.kv_len),
          .head_dim = small(e.head_dim),
          .mask = mask};
}

std::string text_of(lesson::Outcome outcome) {
  if (outcome == lesson::Outcome::faster) return "faster";
  return outcome == lesson::Outcome::slower ? "slower" : "undecided";
}

std::string text_of(lesson::Limit limit) {
  if (limit == lesson::Limit::arithmetic) return "arithmetic";
  return limit == lesson::Limit::bandwidth ? "bandwidth" : "neither";
}

}  // namespace

method::Interval method::median_interval(const std::vector<double>& seconds, double confidence) {
  const lesson::Interval found = lesson::median_interval(seconds, confidence);
  return {found.low, found.median, found.high};
}

method::Drift method::find_drift(const std::vector<double>& seconds) {
  const lesson::Drift found = lesson::find_drift(seconds);
  return {found.per_run, found.drifts};
}

std::vector<std::int64_t> method::find_outliers(const std::vector<double>& seconds) {
  return lesson::find_outliers(seconds);
}

std::vector<int> method::order_of_runs(int cases, int rounds) { return lesson::order_of_runs(cases, rounds); }

method::Comparison method::compare(const std::vector<double>& baseline, const std::vector<double>& candidate,
                                   double confidence) {
  const lesson::Comparison found = lesson::compare(baseline, candidate, confidence);
  return {found.low, found.speedup, found.high, text_of(found.outcome)};
}

method::Work method::useful_work(const attention_layer::Extents& extents, Mask mask) {
  const lesson::Work work = lesson::useful_work(call_of(extents, mask), std::nullopt);
  return {work.flops, work.bytes};
}

method::Position method::roofline(const Work& work, double seconds, double peak, double bandwidth) {
  const lesson::Position found = lesson::roofline({work.flops, work.bytes}, seconds, {peak, bandwidth});
  return {found.intensity, found.share_of_roof, found.share_of_peak, text_of(found.limit)};
}
