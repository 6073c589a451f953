#pragma once
/// Plots of a report, as SVG.

#include <string>
#include <vector>

namespace workbook::bench {

/// A curve, or a set of points.
struct Series {
  std::string name;
  std::string colour;  ///< of common/figure/svg.h
  std::vector<std::pair<double, double>> points;
  std::vector<bool> hollow;  ///< point by point: noisy; empty: none is
  bool line = true;
  bool dashed = false;  ///< beside a series of the same name, whose entry in the legend stands for both
};

struct Axis {
  std::string name;
  bool logarithmic = false;
  bool binary = false;                           ///< ticks at powers of 4 or 16, for bytes
  std::string (*label)(double value) = nullptr;  ///< of a tick; null: the number itself
};

/// Series over two axes with ticks, a grid and a legend; empty if there is not a point.
std::string line_plot(const std::string& title, const std::string& description, const Axis& x, const Axis& y,
                      const std::vector<Series>& series);

/// A bar for each name and series, on an axis from 0; the value stands at its end. The bars of a single group are named
/// one by one.
struct BarGroup {
  std::string name;
  std::vector<double> values;  ///< one for each series; NaN: no bar
};
std::string bar_plot(const std::string& title, const std::string& description, const std::vector<Series>& series,
                     const std::vector<BarGroup>& groups, std::string (*label)(double value));

/// Measured points below the roof min(peak, intensity * bandwidth).
std::string roofline_plot(const std::string& title, double peak_gflops, double bandwidth_gbs,
                          const std::vector<Series>& series);

}  // namespace workbook::bench
