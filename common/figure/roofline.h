#pragma once
/// A roofline: how fast a machine can compute at best, against FLOPs per byte that moves, both logarithmic.
/// S. Williams, A. Waterman and D. Patterson, "Roofline", Communications of the ACM 52(4), 2009.

#include <algorithm>
#include <string_view>

#include "common/figure/svg.h"

namespace workbook::figure {

/// A machine's two limits.
struct Roof {
  double peak = 0;       ///< TFLOP/s
  double bandwidth = 0;  ///< TB/s

  double ridge() const { return peak / bandwidth; }  ///< FLOPs per byte
  double attainable(double intensity) const { return std::min(peak, bandwidth * intensity); }
};

/// NVIDIA H100 SXM, data sheet: dense 16-bit tensor cores, HBM3.
inline constexpr Roof kH100{989, 3.35};

/// Of the figure that draw_roofline draws.
inline constexpr double kRooflineWidth = 760, kRooflineHeight = 390;

/// Axes from 0.5 to 4096 FLOPs per byte, the roof and its ridge.
void draw_roofline(Svg& svg, const Roof& roof, std::string_view title);

/// The place on the roof of work that has so many FLOPs per byte.
Point on_roof(const Roof& roof, double intensity);

}  // namespace workbook::figure
