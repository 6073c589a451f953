#include "common/bench/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "common/figure/svg.h"

namespace workbook::bench {

namespace {

using figure::Point;
using figure::Svg;

constexpr double kWidth = 560, kHeight = 360, kLeft = 88, kRight = 18, kTop = 58, kBottom = 50;

/// Where a value stands on an axis of so many pixels.
class Scale {
 public:
  Scale(const Axis& axis, double low, double high, double from, double to)
      : axis_(axis), low_(low), high_(high), from_(from), to_(to) {
    if (axis.logarithmic) {
      low_ = std::pow(10, std::floor(std::log10(low) * 4) / 4 - 0.05);
      high_ = std::pow(10, std::ceil(std::log10(high) * 4) / 4 + 0.05);
    } else {
      low_ = std::min(low, 0.0);
      high_ = high > low_ ? high * 1.08 : low_ + 1;
    }
  }

  double operator()(double value) const {
    const double share =
        axis_.logarithmic ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
    return from_ + share * (to_ - from_);
  }

  /// Powers of ten (or 1, 2, 5 of them where there are few), or round numbers.
  std::vector<double> ticks() const {
    std::vector<double> all;
    if (!axis_.logarithmic) {
      const double raw = (high_ - low_) / 5, power = std::pow(10, std::floor(std::log10(raw)));
      const double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
      for (double t = std::ceil(low_ / step) * step; t <= high_; t += step) all.push_back(t);
      return all;
    }
    if (axis_.binary) {
      const int step = std::log2(high_ / low_) < 12 ? 2 : 4;
      for (int power = 0; power < 60; power += step)
        if (std::ldexp(1, power) >= low_ && std::ldexp(1, power) <= high_) all.push_back(std::ldexp(1, power));
      return all;
    }
    const bool few = std::log10(high_ / low_) < 2.5;
    for (double power = std::pow(10, std::floor(std::log10(low_))); power <= high_; power *= 10)
      for (const double digit : {1.0, 2.0, 5.0})
        if (digit * power >= low_ && digit * power <= high_ && (few || digit == 1)) all.push_back(digit * power);
    return all;
  }

  std::string label(double tick) const { return axis_.label ? axis_.label(tick) : fmt::format("{:.4g}", tick); }

 private:
  Axis axis_;
  double low_, high_, from_, to_;
};

/// The extent of one coordinate over all series.
template <class Coordinate>
std::pair<double, double> range_of(const std::vector<Series>& series, const Coordinate& coordinate) {
  double low = INFINITY, high = -INFINITY;
  for (const Series& one : series)
    for (const auto& point : one.points) {
      low = std::min(low, coordinate(point));
      high = std::max(high, coordinate(point));
    }
  return {low, high};
}

void draw_axes(Svg& svg, const Axis& x_axis, const Axis& y_axis, const Scale& x, const Scale& y,
               const std::vector<double>& x_ticks) {
  for (const double tick : y.ticks()) {
    svg.line({kLeft, y(tick)}, {kWidth - kRight, y(tick)}, "line-faint thin");
    svg.text({kLeft - 8, y(tick) + 4}, y.label(tick), "small end fill-muted");
  }
  for (const double tick : x_ticks) {
    svg.line({x(tick), kHeight - kBottom}, {x(tick), kHeight - kBottom + 5}, "line-muted");
    svg.text({x(tick), kHeight - kBottom + 20}, x.label(tick), "small middle fill-muted");
  }
  svg.line({kLeft, kHeight - kBottom}, {kWidth - kRight, kHeight - kBottom}, "line-muted");
  svg.text({(kLeft + kWidth - kRight) / 2, kHeight - 10}, x_axis.name, "small middle");
  svg.text({16, (kTop + kHeight - kBottom) / 2}, y_axis.name, "small middle", 90);
}

void draw_series(Svg& svg, const Series& one, const Scale& x, const Scale& y) {
  std::vector<Point> points;
  for (const auto& [at, value] : one.points) points.push_back({x(at), y(value)});
  if (one.line && points.size() > 1) svg.polyline(points, (one.dashed ? "dashed line-" : "thick line-") + one.colour);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool hollow = i < one.hollow.size() && one.hollow[i];
    const auto named = svg.group(
        {0, 0}, fmt::format("{}: {} at {}", one.name, y.label(one.points[i].second), x.label(one.points[i].first)));
    svg.circle(points[i], one.dashed ? 2.5 : 4.5,
               hollow ? "fill-paper thick line-" + one.colour : "fill-" + one.colour);
  }
}

/// Two rows at most: there is room for no more above kTop.
void draw_legend(Svg& svg, const std::vector<Series>& series, double first) {
  double left = first, top = 38;
  for (const Series& one : series) {
    const bool stands_for_both = std::ranges::any_of(
        series, [&](const Series& other) { return one.dashed && !other.dashed && other.name == one.name; });
    if (stands_for_both) continue;
    if (left + 15 + 6.6 * static_cast<double>(one.name.size()) > kWidth) left = first, top += 15;
    svg.circle({left + 5, top - 4}, 5, "fill-" + one.colour);
    svg.text({left + 15, top}, one.name, "small");
    left += 34 + 6.6 * static_cast<double>(one.name.size());
  }
}

bool has_points(const std::vector<Series>& series) {
  return std::ranges::any_of(series, [](const Series& one) { return !one.points.empty(); });
}

}  // namespace

std::string line_plot(const std::string& title, const std::string& description, const Axis& x_axis, const Axis& y_axis,
                      const std::vector<Series>& series) {
  if (!has_points(series)) return "";
  Svg svg(kWidth, kHeight, title, description);
  const auto [x_low, x_high] = range_of(series, [](const auto& p) { return p.first; });
  const auto [y_low, y_high] = range_of(series, [](const auto& p) { return p.second; });
  const Scale x(x_axis, x_low, x_high, kLeft + 14, kWidth - kRight - 14);
  const Scale y(y_axis, y_low, y_high, kHeight - kBottom, kTop + 12);
  std::vector<double> ticks;  // the x that were measured
  for (const Series& one : series)
    for (const auto& [at, value] : one.points) ticks.push_back(at);
  std::ranges::sort(ticks);
  ticks.erase(std::unique(ticks.begin(), ticks.end()), ticks.end());
  svg.text({kLeft, 20}, title, "bold");
  draw_legend(svg, series, kLeft);
  draw_axes(svg, x_axis, y_axis, x, y, ticks);
  for (const Series& one : series) draw_series(svg, one, x, y);
  return svg.str();
}

std::string bar_plot(const std::string& title, const std::string& description, const std::vector<Series>& series,
                     const std::vector<BarGroup>& groups, std::string (*label)(double value)) {
  double largest = 0;
  std::size_t bars = 0;
  for (const BarGroup& group : groups)
    for (const double value : group.values)
      if (!std::isnan(value)) largest = std::max(largest, value), ++bars;
  if (bars == 0) return "";
  const bool named = groups.size() == 1;  // each bar by its own name, and no legend: there can be many
  const double bar = 15, gap = 12, names = named ? 136 : 118, room = 64;
  const double start = named ? 34 : kTop + 10;
  const double height = start + 2 + static_cast<double>(bars) * bar + static_cast<double>(groups.size()) * gap;
  Svg svg(kWidth, height, title, description);
  svg.text({20, 20}, title, "bold");
  if (!named) draw_legend(svg, series, 20);
  double top = start;
  for (const BarGroup& group : groups) {
    const double first = top;
    for (std::size_t i = 0; i < group.values.size(); ++i) {
      if (std::isnan(group.values[i])) continue;
      const double length = std::max(1.0, (kWidth - names - room - 12) * group.values[i] / largest);
      svg.rect({names + 12, top}, length, bar - 2, "fill-" + series[i].colour, 2);
      svg.text({names + 18 + length, top + 11}, label(group.values[i]), "small fill-muted");
      if (named) svg.text({names, top + 11}, series[i].name, "small end");
      top += bar;
    }
    if (top > first && !named) svg.text({names, (first + top) / 2 + 4}, group.name, "small end");
    top += gap;
  }
  return svg.str();
}

std::string roofline_plot(const std::string& title, double peak, double bandwidth, const std::vector<Series>& series) {
  if (!has_points(series) || !(peak > 0) || !(bandwidth > 0)) return "";
  const Axis x_axis{"FLOP for each byte that moves at the least", true}, y_axis{"useful GFLOP/s", true};
  const auto [x_low, x_high] = range_of(series, [](const auto& p) { return p.first; });
  const auto [y_low, y_high] = range_of(series, [](const auto& p) { return p.second; });
  const double ridge = peak / bandwidth, low = std::min(x_low, ridge / 3), high = std::max(x_high, ridge * 3);
  Svg svg(
      kWidth, kHeight, title,
      fmt::format("The roof rises with the bandwidth of {:.1f} GB/s up to {:.1f} FLOP per byte, and is flat at {:.1f} "
                  "GFLOP/s from there. Every case is a point below it.",
                  bandwidth, ridge, peak));
  const Scale x(x_axis, low, high, kLeft, kWidth - kRight);
  const Scale y(y_axis, std::min(y_low, low * bandwidth), peak * 1.2, kHeight - kBottom, kTop + 12);
  svg.text({kLeft, 20}, title, "bold");
  draw_legend(svg, series, kLeft);
  draw_axes(svg, x_axis, y_axis, x, y, x.ticks());
  const Point roof[] = {{x(low), y(low * bandwidth)}, {x(ridge), y(peak)}, {x(high), y(peak)}};
  svg.polyline(roof, "thick line-ink");
  svg.text({x(high) - 4, y(peak) - 7}, fmt::format("{:.0f} GFLOP/s", peak), "small end");
  svg.text({x(low) + 4, y(low * bandwidth) + 20}, fmt::format("{:.1f} GB/s", bandwidth), "small");
  for (Series one : series) {
    one.line = false;
    draw_series(svg, one, x, y);
  }
  return svg.str();
}

}  // namespace workbook::bench
