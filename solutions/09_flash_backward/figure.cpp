// Draws lessons/09_flash_backward/figure.svg: what one tile reads and which gradients it adds to, and what either way
// keeps between the passes.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iostream>
#include <vector>

#include "common/figure/svg.h"
#include "flash_backward.h"

using namespace workbook;
using namespace workbook::figure;
using flash_backward::Method;
using flash_backward::Problem;
using flash_backward::training_cost;

namespace {

constexpr double kWidth = 760, kHeight = 420, kSide = 192, kStrip = 16, kGap = 8;
constexpr int kTiles = 8;  // of queries and of keys
constexpr double kTile = kSide / kTiles;
constexpr int kRow = 5, kColumn = 2;  // the tile that is computed

/// A tensor beside the matrix, as wide as a strip; the part that belongs to row `kRow` is filled.
void rows_of(Svg& svg, double x, const char* name, const char* colour) {
  svg.rect({x, 0}, kStrip, kSide, "line-muted thin");
  svg.rect({x, kRow * kTile}, kStrip, kTile, fmt::format("fill-{}", colour));
  svg.text({x + kStrip / 2, -8}, name, fmt::format("small middle fill-{}", colour));
}

/// A tensor above or below the matrix; the part that belongs to column `kColumn` is filled.
void columns_of(Svg& svg, double y, const char* name, const char* colour) {
  svg.rect({0, y}, kSide, kStrip, "line-muted thin");
  svg.rect({kColumn * kTile, y}, kTile, kStrip, fmt::format("fill-{}", colour));
  svg.text({kSide + 8, y + kStrip - 4}, name, fmt::format("small fill-{}", colour));
}

void draw_tiles(Svg& svg) {
  for (int i = 0; i < kTiles; ++i)
    for (int j = 0; j < kTiles; ++j) {
      const bool here = i == kRow && j == kColumn, done = j <= i && (i < kRow || (i == kRow && j < kColumn));
      svg.rect({j * kTile + 1, i * kTile + 1}, kTile - 2, kTile - 2,
               here    ? "fill-ink"
               : j > i ? "line-faint thin dashed"
               : done  ? "tint-muted line-muted thin"
                       : "line-muted thin",
               2);
    }
  svg.text({kSide - 6, 2.2 * kTile}, "never visited", "small end fill-muted");
}

void draw_walk(Svg& svg) {
  const auto group = svg.group({122, 124}, "one tile of the backward pass");
  svg.text({-104, -84}, "One tile: what it reads and what it adds to", "bold");
  draw_tiles(svg);
  const double strip = kStrip + kGap;
  rows_of(svg, -4 * strip, "q", "blue");
  rows_of(svg, -3 * strip, "o", "blue");
  rows_of(svg, -2 * strip, "do", "blue");
  rows_of(svg, -1 * strip, "\u2113", "blue");
  columns_of(svg, -2 * strip, "k", "blue");
  columns_of(svg, -1 * strip, "v", "blue");
  rows_of(svg, kSide + 3 * kGap, "dq", "orange");
  columns_of(svg, kSide + kGap, "dk", "orange");
  columns_of(svg, kSide + kGap + strip, "dv", "orange");
  const double y = kSide + 2 * strip + 26;
  svg.rect({-96, y}, 12, 12, "fill-blue");
  svg.text({-78, y + 11}, "read", "small");
  svg.rect({-30, y}, 12, 12, "fill-orange");
  svg.text({-12, y + 11}, "added to: dq by all tiles of this row, dk and dv", "small");
  svg.text({-12, y + 27}, "by all tiles of this column and by each query head", "small");
}

/// Bytes that a layer of 32 heads keeps, over the number of tokens, both logarithmic.
void draw_kept(Svg& svg) {
  const auto group = svg.group({470, 124}, "what the forward pass keeps");
  const double width = 216, height = 240;
  const auto x_of = [&](double tokens) { return width * (std::log2(tokens) - 10) / 7; };
  const auto y_of = [&](double bytes) { return height - height * (std::log2(bytes) - 23) / 19; };
  svg.text({-54, -84}, "Kept for the backward pass, by one layer", "bold");
  svg.text({-54, -64}, "32 heads, head_dim 128, float32", "small fill-muted");
  const auto grid = {std::pair{24, "16 MiB"}, {28, "256 MiB"}, {32, "4 GiB"}, {36, "64 GiB"}, {40, "1 TiB"}};
  for (const auto& [log2_bytes, name] : grid) {
    svg.line({0, y_of(std::exp2(log2_bytes))}, {width, y_of(std::exp2(log2_bytes))}, "line-faint");
    svg.text({-8, y_of(std::exp2(log2_bytes)) + 4}, name, "small end fill-muted");
  }
  for (const Method method : {Method::unfused, Method::flash}) {
    const bool flash = method == Method::flash;
    std::vector<Point> line;
    for (int tokens = 1024; tokens <= 131072; tokens *= 2) {
      const Problem problem{.heads = 32, .q_len = tokens, .kv_len = tokens, .head_dim = 128};
      line.push_back({x_of(tokens), y_of(static_cast<double>(training_cost(method, problem).kept_bytes))});
      svg.circle(line.back(), 4, flash ? "fill-blue" : "fill-orange");
    }
    svg.polyline(line, flash ? "line-blue thick" : "line-orange thick");
    if (flash)
      svg.text({line[3].x + 6, line[3].y + 24}, "flash: output, lse", "small fill-blue");
    else
      svg.text({line[4].x - 14, line[4].y - 10}, "unfused: weights", "small fill-orange end");
  }
  for (const int tokens : {1024, 8192, 131072})
    svg.text({x_of(tokens), height + 20}, fmt::format("{} Ki", tokens / 1024), "small middle fill-muted");
  svg.text({width / 2, height + 40}, "tokens", "small middle fill-muted");
}

}  // namespace

int main() {
  Svg svg(
      kWidth, kHeight, "One tile of the backward pass, and what is kept for it",
      "Left: a causal matrix of 8 by 8 tiles. The tile of queries 5 and keys 2 reads the rows of q, output, d_output "
      "and log-sum-exp that belong to its queries, and the rows of k and v that belong to its keys. It adds to the "
      "same rows of dq, and to the same rows of dk and dv. Right: bytes kept by one layer over the number of "
      "tokens. The stored weights grow with its square, output and log-sum-exp in proportion to it.");
  draw_walk(svg);
  draw_kept(svg);
  std::cout << svg.str();
}
