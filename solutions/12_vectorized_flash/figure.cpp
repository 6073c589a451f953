// Draws lessons/12_vectorized_flash/figure.svg: queries in the lanes, a tile of sums in registers, and the ladder.

#include <fmt/format.h>

#include <array>
#include <iostream>

#include "common/figure/svg.h"
#include "vectorized_flash.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::vectorized_flash;

namespace {

constexpr double kWidth = 760, kHeight = 560, kCell = 12;
constexpr int kKeys = 12, kChannels = 5;  // as drawn

/// What a rung reaches, percent of the measured peak.
struct Rung {
  const char* name;
  double full, causal;
};
// ./workbook bench 12, core_d64: docs/results/vectorized.json.
constexpr std::array kLadder{LADDER};

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
  svg.text({left, top + kKeys * kCell + 36}, "14 loads for 24 multiply-adds. Lane i is query i, from here to the output",
           "small");
}

void draw_ladder(Svg& svg) {
  const double left = 170, top = 400, width = 460, height = 22;
  svg.text({24, top - 22}, "Share of the peak, rung by rung: 16 heads, 4096 tokens, 64 channels, two threads", "bold");
  for (std::size_t i = 0; i < kLadder.size(); ++i) {
    const Rung& rung = kLadder[i];
    const double y = top + static_cast<double>(i) * (height + 4);
    svg.text({left - 10, y + 15}, rung.name, "small end");
    svg.rect({left, y}, width, height, "tint-muted", 3);
    svg.rect({left, y}, width * rung.full / 100, height, "fill-blue", 3);
    svg.text({left + width + 8, y + 15}, fmt::format("{:.0f} %   causal {:.0f} %", rung.full, rung.causal), "small");
  }
}

}  // namespace

int main() {
  Svg svg(kWidth, kHeight, "Queries in the lanes, a tile of sums in registers, and what each rung brings",
          "Above, one step of a tile of scores: one channel of 12 keys, a column of numbers, meets the same channel of "
          "32 queries, two vectors; the 24 sums stay in registers. Below, bars for the share of the processor's peak "
          "that each rung of the lesson reaches.");
  draw_tile(svg);
  draw_ladder(svg);
  std::cout << svg.str();
}
