// Draws lessons/12_vectorized_flash/figure.svg: queries in the lanes, a tile of sums in registers, and its height.

#include <fmt/format.h>

#include <iostream>

#include "common/figure/svg.h"
#include "vectorized_flash.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::vectorized_flash;

namespace {

constexpr double kWidth = 760, kHeight = 612, kCell = 12;
constexpr int kKeys = 12, kChannels = 5;  // as drawn

/// A row of two vectors, a cell for each lane.
void draw_row(Svg& svg, double x, double y, const char* classes) {
  for (int i = 0; i < kStrip; ++i)
    svg.rect({x + i * kCell + (i < kLanes ? 0 : 10), y}, kCell - 1, kCell - 1, classes, 2);
}

/// One step: a number of each key meets the same two vectors of queries.
void draw_tile(Svg& svg) {
  const double left = 210, top = 150;
  svg.text({24, 24}, "One step of a tile of scores: channel c of 12 keys, and of 32 queries", "bold");
  svg.text({left, 56}, "q, turned: a row is one channel of 32 queries, two vectors", "small");
  for (int c = 0; c < kChannels; ++c) draw_row(svg, left, 64 + c * kCell, c == 2 ? "fill-blue" : "tint-blue");
  svg.text({left - 10, 64 + 2 * kCell + 10}, "channel c", "small end fill-blue");
  svg.text({60, top - 14}, "k, as it lies", "small");
  for (int j = 0; j < kKeys; ++j)
    for (int c = 0; c < kChannels; ++c)
      svg.rect({60 + c * kCell, top + j * kCell}, kCell - 1, kCell - 1, c == 2 ? "fill-orange" : "tint-orange", 2);
  for (int j = 0; j < kKeys; ++j) draw_row(svg, left, top + j * kCell, "tint-green line-green thin");
  svg.arrow({60 + 5 * kCell + 6, top + 6.5 * kCell}, {left - 8, top + 6.5 * kCell}, "line-muted");
  svg.text({left, top + kKeys * kCell + 18}, "12 keys x 2 vectors: 24 sums, all in registers until the last channel",
           "small fill-green");
  svg.text({left, top + kKeys * kCell + 36},
           "14 loads for 24 multiply-adds. Lane i is query i, from here to the output", "small");
}

/// Loads for each multiply-add, over the height of the tile.
void draw_loads(Svg& svg) {
  const double left = 210, base = 560, height = 120, step = 34;
  svg.text({24, 404}, "Loads for each multiply-add, for a tile of r rows and two vectors", "bold");
  for (const double loads : {0.5, 1.0, 1.5}) {
    const double y = base - height * loads / 1.5;
    svg.line({left, y}, {left + 14.5 * step, y}, loads == 1 ? "line-orange dashed" : "line-faint");
    svg.text({left - 8, y + 4}, fmt::format("{:g}", loads), "small end fill-muted");
  }
  for (int r = 1; r <= 14; ++r) {
    const double y = base - height * (r + 2) / (2. * r) / 1.5;
    svg.rect({left + (r - 0.8) * step, y}, 0.6 * step, base - y, r < 4 ? "fill-muted" : "fill-blue", 2);
    svg.text({left + (r - 0.5) * step, base + 18}, std::to_string(r), "small middle");
  }
  svg.text({left + 15 * step, base + 18}, "r", "small");
  svg.text({left, base + 38}, "Below 1, loading is no limit. From r = 4 on, there are sums enough to hide 4 cycles.",
           "small fill-muted");
}

}  // namespace

int main() {
  Svg svg(kWidth, kHeight, "Queries in the lanes, a tile of sums in registers, and how tall it should be",
          "Above, one step of a tile of scores: one channel of 12 keys, a column of numbers, meets the same channel of "
          "32 queries, two vectors; the 24 sums stay in registers. Below, loads for each multiply-add: 1.5 for a tile "
          "of one row, 0.75 for four, 0.58 for twelve.");
  draw_tile(svg);
  draw_loads(svg);
  std::cout << svg.str();
}
