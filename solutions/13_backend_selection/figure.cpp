// Draws lessons/13_backend_selection/figure.svg: predicted against measured time, for every recorded row.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <vector>

#include "backend_selection.h"
#include "common/figure/svg.h"
#include "testcases/13_backend_selection/recorded.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::backend_selection;

namespace {

constexpr double kWidth = 760, kHeight = 586, kLeft = 84, kTop = 54, kSide = 470;
constexpr double kDecades = 5, kFirst = -3.9;  // 0.13 ms to 13 s

struct Series {
  Backend backend;
  const char* colour;
};

std::vector<Series> all_series() {
  return {{{.name = "unfused"}, "orange"},
          {{.name = "per-head", .algorithm = Algorithm::per_head}, "red"},
          {{.name = "fused", .algorithm = Algorithm::fused}, "purple"},
          {{.name = "flash", .algorithm = Algorithm::flash, .q_tile = 64, .kv_tile = 256}, "blue"},
          {{.name = "vectorized", .algorithm = Algorithm::flash, .q_tile = 64, .kv_tile = 96}, "green"}};
}

double place(double seconds) { return kSide * (std::log10(seconds) - kFirst) / kDecades; }
Point at(double measured, double predicted) { return {place(measured), kSide - place(predicted)}; }

void draw_axes(Svg& svg) {
  const char* const names[] = {"1 ms", "10 ms", "100 ms", "1 s", "10 s"};
  for (int decade = 0; decade < 5; ++decade) {
    const double p = place(std::pow(10, decade - 3));
    svg.line({p, 0}, {p, kSide}, "line-faint");
    svg.line({0, kSide - p}, {kSide, kSide - p}, "line-faint");
    svg.text({p, kSide + 20}, names[decade], "small middle fill-muted");
    svg.text({-8, kSide - p + 4}, names[decade], "small end fill-muted");
  }
  svg.rect({0, 0}, kSide, kSide, "line-muted");
  svg.line({0, kSide}, {kSide, 0}, "line-ink");
  const double off = kSide * std::log10(1.25) / kDecades;
  svg.line({0, kSide - off}, {kSide - off, 0}, "line-muted dashed");
  svg.line({off, kSide}, {kSide, off}, "line-muted dashed");
  svg.text({kSide / 2, kSide + 42}, "measured", "middle");
  svg.text({-62, kSide / 2}, "predicted", "middle", 90);
}

/// @returns the relative errors, by size
std::vector<double> draw_rows(Svg& svg, const Series& series) {
  std::vector<const Recorded*> recorded;
  std::vector<Measurement> rows;
  for (const Recorded& r : kRecorded)
    if (r.backend == series.backend.name)
      recorded.push_back(&r), rows.push_back({work_of(series.backend, r.problem), r.seconds});
  const Constants constants = fit(rows);
  std::vector<double> errors;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double predicted = estimate_time(rows[i].work, constants), error = predicted / rows[i].seconds - 1;
    const Point p = at(rows[i].seconds, predicted);
    const auto group =
        svg.group(p, fmt::format("{}, {} {}: measured {:.3g} ms, predicted {:.3g} ms", series.backend.name,
                                 recorded[i]->workload, recorded[i]->layer, 1e3 * rows[i].seconds, 1e3 * predicted));
    svg.circle({0, 0}, 3.6, fmt::format("fill-{}", series.colour));
    if (std::abs(error) > 0.25) svg.circle({0, 0}, 8, fmt::format("line-{}", series.colour));
    errors.push_back(std::abs(error));
  }
  std::ranges::sort(errors);
  return errors;
}

void draw_legend(Svg& svg, int line, const Series& series, const std::vector<double>& errors) {
  const auto group = svg.group({kLeft + kSide + 26, kTop + 30 + 74.0 * line});
  const auto far_off = std::ranges::count_if(errors, [](double e) { return e > 0.25; });
  svg.circle({4, -4}, 4.5, fmt::format("fill-{}", series.colour));
  svg.text({18, 0}, series.backend.name, fmt::format("bold fill-{}", series.colour));
  svg.text({18, 19}, fmt::format("median error {:.0f} %", 100 * errors[errors.size() / 2]), "small");
  svg.text({18, 36}, fmt::format("{} of {} rows off", far_off, errors.size()), "small fill-muted");
}

}  // namespace

int main() {
  Svg svg(kWidth, kHeight, "Predicted against measured times of five backends",
          "A scatter plot with logarithmic axes from a tenth of a millisecond to ten seconds. Most rows of the five "
          "backends lie near the diagonal, over more than three decades. Rings mark those that are off by more than 25 "
          "percent: most of them are fused attention's, below the diagonal; flash has none.");
  svg.text({24, 28}, "Time of attention on one core: four prices for each backend, and what the clock says", "bold");
  {
    const auto group = svg.group({kLeft, kTop});
    draw_axes(svg);
  }
  int line = 0;
  for (const Series& series : all_series()) {
    const auto group = svg.group({kLeft, kTop});
    const std::vector<double> errors = draw_rows(svg, series);
    const auto back = svg.group({-kLeft, -kTop});
    draw_legend(svg, line++, series, errors);
  }
  svg.text({kLeft + kSide + 26, kTop + 430}, "dashed: 25 % off", "small fill-muted");
  svg.text({kLeft + kSide + 26, kTop + 448}, "ring: more than that", "small fill-muted");
  std::cout << svg.str();
}
