#include "common/figure/roofline.h"

#include <fmt/core.h>

#include <cmath>

namespace workbook::figure {

namespace {

constexpr double kLeast = 0.5, kMost = 4096;

double x_of(double intensity) { return 70 + 49 * std::log2(intensity / kLeast); }
double y_of(double rate) { return 330 - 26 * std::log2(rate); }

void draw_axes(Svg& svg) {
  svg.line({x_of(kLeast), y_of(1)}, {x_of(kMost), y_of(1)}, "line-muted");
  for (double intensity = 1; intensity <= kMost; intensity *= 4) {
    svg.line({x_of(intensity), y_of(1)}, {x_of(intensity), y_of(1) + 5}, "line-muted");
    svg.text({x_of(intensity), y_of(1) + 20}, fmt::format("{}", intensity), "small middle fill-muted");
  }
  for (double rate = 1; rate <= 1024; rate *= 4) {
    svg.line({x_of(kLeast), y_of(rate)}, {x_of(kMost), y_of(rate)}, "line-faint thin");
    svg.text({x_of(kLeast) - 8, y_of(rate) + 4}, fmt::format("{}", rate), "small end fill-muted");
  }
  svg.text({x_of(45), y_of(1) + 42}, "FLOP per byte of traffic", "small middle fill-muted");
}

}  // namespace

Point on_roof(const Roof& roof, double intensity) { return {x_of(intensity), y_of(roof.attainable(intensity))}; }

void draw_roofline(Svg& svg, const Roof& roof, std::string_view title) {
  svg.text({24, 26}, title, "bold");
  draw_axes(svg);
  const double ridge = roof.ridge();
  const Point corners[] = {on_roof(roof, kLeast), on_roof(roof, ridge), on_roof(roof, kMost)};
  svg.polyline(corners, "line-ink thick");
  const Point slope = on_roof(roof, 3.2);
  svg.text({slope.x, slope.y - 12}, fmt::format("{} TB/s", roof.bandwidth), "small middle fill-muted", 27.9);
  svg.text({x_of(kMost), y_of(roof.peak) - 12}, fmt::format("{} TFLOP/s", roof.peak), "small end fill-muted");
  svg.line({x_of(ridge), y_of(roof.peak)}, {x_of(ridge), y_of(1)}, "line-muted dashed");
  svg.text({x_of(ridge) + 6, y_of(1.6)}, fmt::format("{:.0f}", ridge), "small fill-muted");
}

}  // namespace workbook::figure
