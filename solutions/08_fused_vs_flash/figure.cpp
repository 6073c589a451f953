// Draws lessons/08_fused_vs_flash/figure.svg: which scores exist at one moment, what that costs and moves, and how the
// intensity of flash grows with its tiles.

#include <fmt/format.h>

#include <iostream>
#include <vector>

#include "common/figure/svg.h"
#include "fused_vs_flash.h"

using namespace workbook;
using namespace workbook::figure;
using fused_vs_flash::Algorithm;
using fused_vs_flash::arithmetic_intensity;
using fused_vs_flash::Problem;
using fused_vs_flash::traffic_bytes;

namespace {

constexpr double kWidth = 760, kHeight = 632, kSide = 192, kLeft = 30, kTop = 62, kPitch = 246;
constexpr int kTiles = 8;                 // of queries and of keys, as drawn
constexpr double kTile = kSide / kTiles;  // pixels
constexpr Problem kProblem{.q_len = 4096, .kv_len = 4096, .head_dim = 64, .q_tile = 64};
constexpr std::int64_t kKvTile = 256;

std::string size_of(std::int64_t bytes) {
  const double kib = static_cast<double>(bytes) / 1024;
  return kib < 1024 ? fmt::format("{:.0f} KiB", kib) : fmt::format("{:.0f} MiB", kib / 1024);
}

void facts(Svg& svg, Algorithm algorithm, std::int64_t scores) {
  const double y = kSide + 24;
  svg.text({0, y}, fmt::format("scores held: {}", size_of(scores * 4)), "small fill-orange");
  svg.text({0, y + 18}, fmt::format("moved: {}", size_of(traffic_bytes(algorithm, kProblem))), "small");
  svg.text({0, y + 36}, fmt::format("{:.3g} FLOP per byte", arithmetic_intensity(algorithm, kProblem)), "small");
}

/// The keys that the queries of row `i` of tiles see, as a staircase.
void draw_visible(Svg& svg) {
  svg.path(fmt::format("M0,0 L{0},{0} L0,{0} Z", kSide), "tint-muted");
  svg.rect({0, 0}, kSide, kSide, "line-muted");
}

void draw_unfused(Svg& svg) {
  const auto group = svg.group({kLeft, kTop}, "unfused");
  svg.text({0, -12}, "unfused: every score", "bold");
  svg.rect({0, 0}, kSide, kSide, "fill-orange");
  svg.rect({0, 0}, kSide, kSide, "line-muted");
  facts(svg, Algorithm::unfused, std::int64_t{kProblem.q_len} * kProblem.kv_len);
}

void draw_fused(Svg& svg) {
  const auto group = svg.group({kLeft + kPitch, kTop}, "fused");
  svg.text({0, -12}, "fused: one row", "bold");
  draw_visible(svg);
  const double y = 5.4 * kTile;
  svg.path(fmt::format("M0,0 L{0},{0} L0,{0} Z", y), "tint-blue");
  svg.rect({0, y}, y, 5, "fill-orange");
  svg.text({8, y - 40}, "done", "small fill-blue");
  facts(svg, Algorithm::fused, kProblem.kv_len);
}

void draw_flash(Svg& svg) {
  const auto group = svg.group({kLeft + 2 * kPitch, kTop}, "flash");
  svg.text({0, -12}, "flash: one tile", "bold");
  draw_visible(svg);
  const int row = 5, column = 2;
  for (int i = 0; i < kTiles; ++i)
    for (int j = 0; j < kTiles; ++j) {
      const bool done = i < row ? j <= i : i == row && j < column, here = i == row && j == column;
      svg.rect({j * kTile + 1, i * kTile + 1}, kTile - 2, kTile - 2,
               here    ? "fill-orange"
               : done  ? "tint-blue line-blue thin"
               : j > i ? "line-faint thin dashed"
                       : "line-muted thin",
               2);
    }
  svg.text({kSide - 6, 3.1 * kTile}, "never visited", "small end fill-muted");
  facts(svg, Algorithm::flash, kProblem.q_tile * kKvTile);
}

/// Intensity over the height of a tile of queries, both logarithmic.
void draw_intensity(Svg& svg) {
  const double left = kLeft + 26, width = 480, base = 586, height = 190;
  const auto x_of = [&](double q_tile) { return left + width * std::log2(q_tile) / 8; };
  const auto y_of = [&](double intensity) { return base - height * (std::log2(intensity) + 2) / 10; };
  svg.text({24, 378}, "FLOP per byte moved, for queries taken q_tile at a time", "bold");
  for (const double value : {0.25, 1.0, 4.0, 16.0, 64.0, 256.0}) {
    svg.line({left, y_of(value)}, {left + width, y_of(value)}, value == 0.25 ? "line-muted" : "line-faint");
    svg.text({left - 8, y_of(value) + 4}, fmt::format("{:g}", value), "small end fill-muted");
  }
  std::vector<Point> line;
  for (int q_tile = 1; q_tile <= 256; q_tile *= 2) {
    Problem problem = kProblem;
    problem.q_tile = q_tile;
    line.push_back({x_of(q_tile), y_of(arithmetic_intensity(Algorithm::flash, problem))});
    svg.text({x_of(q_tile), base + 20}, std::to_string(q_tile), "small middle fill-muted");
    svg.circle(line.back(), 4, "fill-blue");
  }
  svg.polyline(line, "line-blue thick");
  const double unfused = arithmetic_intensity(Algorithm::unfused, kProblem);
  const double fused = arithmetic_intensity(Algorithm::fused, kProblem);
  svg.line({left, y_of(unfused)}, {left + width, y_of(unfused)}, "line-orange thick");
  svg.line({left, y_of(fused)}, {left + width, y_of(fused)}, "line-purple thick");
  svg.text({left + width + 12, line.back().y + 4}, "flash: q_tile / 2", "small fill-blue");
  svg.text({left + width + 12, y_of(unfused) + 4}, "unfused: head_dim / 4", "small fill-orange");
  svg.text({left + width + 12, y_of(fused) + 4}, "fused: 1 / 2", "small fill-purple");
  svg.text({left + width + 28, base + 20}, "q_tile", "small fill-muted");
}

}  // namespace

int main() {
  Svg svg(kWidth, kHeight, "The scores that exist at one moment, and the bytes that move",
          "Three score matrices of a causal head with 4096 positions and 64 channels. Unfused attention holds all "
          "scores, fused attention one row, flash attention one tile, and it never visits the tiles above the "
          "diagonal. Below, FLOP per byte moved: flash rises with the number of queries in a tile and crosses unfused "
          "where q_tile is half of head_dim; fused stays at one half.");
  svg.text({24, 24}, "Scores that exist at one moment, for 4096 queries and keys", "bold");
  draw_unfused(svg);
  draw_fused(svg);
  draw_flash(svg);
  svg.text(
      {kLeft, kTop + kSide + 82},
      "One head, head_dim 64, float32, tiles of 64 queries and 256 keys. Moved bytes are counted without the mask.",
      "small fill-muted");
  draw_intensity(svg);
  std::cout << svg.str();
}
