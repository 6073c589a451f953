// Draws lessons/22_attention_benchmark/figure.svg: recorded runs on a shared core with their outliers, median interval
// and mean, and what a drift does to two orders of the same runs.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <numeric>
#include <vector>

#include "attention_benchmark.h"
#include "common/figure/svg.h"
#include "testcases/22_attention_benchmark/recorded.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::attention_benchmark;

namespace {

constexpr double kWidth = 760, kHeight = 600;
constexpr double kLeft = 76, kTop = 52, kPlotWidth = 452, kPlotHeight = 236;

/// Logarithmic, from 300 microseconds at the bottom to 30 milliseconds at the top.
double y_of(double microseconds) { return kTop + kPlotHeight * (1 - std::log10(microseconds / 300) / 2); }

void draw_axes(Svg& svg) {
  for (const double t : {300.0, 1000.0, 3000.0, 10'000.0, 30'000.0}) {
    svg.line({kLeft, y_of(t)}, {kLeft + kPlotWidth, y_of(t)}, t == 300 ? "line-muted" : "line-faint");
    svg.text({kLeft - 8, y_of(t) + 4}, t < 1000 ? fmt::format("{:g} µs", t) : fmt::format("{:g} ms", t / 1000),
             "small end fill-muted");
  }
  svg.text({kLeft, kTop + kPlotHeight + 18}, "run 0", "small fill-muted");
  svg.text({kLeft + kPlotWidth, kTop + kPlotHeight + 18}, "run 59", "small end fill-muted");
}

void draw_runs(Svg& svg, const std::vector<double>& seconds) {
  const auto outliers = find_outliers(seconds);
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    const bool out = std::ranges::find(outliers, static_cast<std::int64_t>(i)) != outliers.end();
    svg.circle({kLeft + 4 + static_cast<double>(i) * (kPlotWidth - 8) / 59, y_of(1e6 * seconds[i])}, 3,
               out ? "fill-orange" : "fill-blue");
  }
  svg.text({kLeft + 8, kTop + 14}, fmt::format("{} outliers of {} runs", outliers.size(), seconds.size()),
           "small fill-orange");
}

void draw_summaries(Svg& svg, const std::vector<double>& seconds) {
  const auto n = static_cast<double>(seconds.size());
  const double mean = std::accumulate(seconds.begin(), seconds.end(), 0.0) / n;
  double squares = 0;
  for (const double x : seconds) squares += (x - mean) * (x - mean);
  const double deviation = std::sqrt(squares / (n - 1));
  const Interval interval = median_interval(seconds, 0.95);

  const double x = kLeft + kPlotWidth + 20;
  svg.line({x, y_of(1e6 * interval.median)}, {kLeft, y_of(1e6 * interval.median)}, "line-blue thin dashed");
  svg.circle({x, y_of(1e6 * interval.median)}, 4, "fill-blue");
  svg.text({x + 34, y_of(1e6 * interval.median) - 14}, fmt::format("median {:.0f} µs", 1e6 * interval.median),
           "small bold fill-blue");
  svg.text({x + 34, y_of(1e6 * interval.median) + 4},
           fmt::format("95 %: {:.0f} to {:.0f} µs", 1e6 * interval.low, 1e6 * interval.high), "small fill-blue");

  const double at = x + 18;
  svg.line({at, y_of(1e6 * (mean + deviation))}, {at, y_of(1e6 * mean)}, "line-red thick");
  svg.arrow({at, y_of(1e6 * mean)}, {at, kTop + kPlotHeight - 2}, "line-red thick");
  svg.circle({at, y_of(1e6 * mean)}, 4, "fill-red");
  svg.text({at + 16, y_of(1e6 * mean) - 22}, fmt::format("mean {:.0f} µs", 1e6 * mean), "small bold fill-red");
  svg.text({at + 16, y_of(1e6 * mean) - 4}, fmt::format("± {:.0f} µs: down to", 1e6 * deviation), "small fill-red");
  svg.text({at + 16, y_of(1e6 * mean) + 14}, fmt::format("{:.0f} µs, below zero", 1e6 * (mean - deviation)),
           "small fill-red");
}

/// Eight runs of two cases, each a little slower than the one before; below each case the sum of its places.
void draw_order(Svg& svg, double x, const std::vector<int>& order, const std::string& title) {
  const auto group = svg.group({x, 372}, title);
  const double step = 36, base = 150;
  double sum[2] = {0, 0};
  std::string letters;
  for (const int c : order) letters += c == 0 ? 'A' : 'B';
  svg.text({0, 0}, title + ": " + letters, "");
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double height = 60 + 7 * static_cast<double>(i), left = step * static_cast<double>(i);
    const bool first = order[i] == 0;
    svg.rect({left, base - height}, step - 5, height, first ? "tint-blue line-blue" : "tint-orange line-orange", 3);
    svg.text({left + (step - 5) / 2, base - 10}, first ? "A" : "B", "middle small");
    svg.text({left + (step - 5) / 2, base + 16}, std::to_string(i), "middle small fill-muted");
    sum[order[i]] += static_cast<double>(i);
  }
  svg.text({0, base + 38}, fmt::format("places of A: {:.0f}", sum[0]), "small fill-blue");
  svg.text({120, base + 38}, fmt::format("places of B: {:.0f}", sum[1]), "small fill-orange");
  svg.text({0, base + 57}, sum[0] == sum[1] ? "The drift costs both alike." : "B seems slower, and is not.",
           "small fill-muted");
}

}  // namespace

int main() {
  const std::vector<double> seconds = recorded::in_seconds(recorded::shared);
  Svg svg(kWidth, kHeight, "Recorded run times with their median and mean, and two orders under a drift",
          "Sixty recorded run times on a shared core, on a logarithmic axis. Most lie near 400 microseconds, a few are "
          "20 to 40 times as long. The interval of the median is narrow; mean and standard deviation reach below zero. "
          "Below, eight runs of two equal cases while the machine becomes slower: in the order ABABABAB the places "
          "of B have the larger sum, in the order of the solution both sums are equal.");
  svg.text({24, 26}, "60 runs of one loop, on a core shared with a compiler", "bold");
  draw_axes(svg);
  draw_runs(svg, seconds);
  draw_summaries(svg, seconds);
  svg.text({24, 340}, "Eight runs of two equal cases, while the machine becomes slower", "bold");
  draw_order(svg, 50, {0, 1, 0, 1, 0, 1, 0, 1}, "The same order each round");
  draw_order(svg, 404, order_of_runs(2, 4), "Every second round backward");
  std::cout << svg.str();
}
