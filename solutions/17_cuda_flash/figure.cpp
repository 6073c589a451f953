// Draws lessons/17_cuda_flash/figure.svg: which scores a thread has, which banks a warp reads, and what all blocks
// load.

#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <vector>

#include "common/figure/svg.h"
#include "cuda_flash.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::cuda_flash;

namespace {

constexpr double kWidth = 760, kHeight = 700, kCell = 10;
constexpr int kThread = 13, kHeadDim = 64;

bool has_query(int thread, int i) {
  for (int r = 0; r < 4; ++r)
    if (query_of(thread, r) == i) return true;
  return false;
}
bool has_key(int thread, int j) {
  for (int n = 0; n < 4; ++n)
    if (key_of(thread, n) == j) return true;
  return false;
}

/// Whether a thread of the same warp has this query.
bool in_warp(int thread, int i) {
  for (int t = thread / 32 * 32; t < thread / 32 * 32 + 32; ++t)
    if (has_query(t, i)) return true;
  return false;
}

void draw_scores(Svg& svg) {
  const auto group = svg.group({66, 84}, "the tile of scores");
  svg.text({0, -28}, "one tile of scores", "bold");
  svg.text({0, -8}, "32 keys", "small fill-muted");
  svg.arrow({52, -12}, {kTile * kCell, -12}, "line-muted thin");
  svg.text({-14, 70}, "32 queries", "small fill-muted end", 90);
  for (int i = 0; i < kTile; ++i)
    for (int j = 0; j < kTile; ++j) {
      const bool query = has_query(kThread, i), key = has_key(kThread, j);
      svg.rect({j * kCell, i * kCell}, kCell - 1.5, kCell - 1.5,
               query && key          ? "fill-orange"
               : query || key        ? "tint-orange"
               : in_warp(kThread, i) ? "tint-blue"
                                     : "line-faint thin");
    }
  const double y = kTile * kCell + 20;
  svg.text({0, y}, fmt::format("thread {}: 16 scores,", kThread), "small fill-orange");
  svg.text({0, y + 18}, "from 4 queries and 4 keys", "small fill-orange");
  svg.text({170, y}, "its warp: 16 queries,", "small fill-blue");
  svg.text({170, y + 18}, "no other warp needs them", "small fill-blue");
}

/// Eight lanes read the same float4 of eight rows: where the rows begin.
void draw_banks(Svg& svg, Point at, int pitch, std::string_view words) {
  const auto group = svg.group(at, words);
  constexpr double kSize = 17;
  int passes = 0;
  std::vector<int> lanes(8);
  for (int row = 0; row < 8; ++row) passes = std::max(passes, ++lanes[static_cast<std::size_t>(row * pitch % 8)]);
  svg.text({0, -28}, fmt::format("pitch {}: {} {}", pitch, passes, passes == 1 ? "pass" : "passes"), "bold");
  svg.text({0, -8}, "8 groups of 4 banks", "small fill-muted");
  for (int row = 0; row < 8; ++row) {
    svg.text({-8, row * kSize + 13}, fmt::format("{}", row), "small end fill-muted");
    for (int g = 0; g < 8; ++g)
      svg.rect({g * kSize, row * kSize}, kSize - 3, kSize - 3,
               row * pitch % 8 == g ? (passes == 1 ? "fill-green" : "fill-orange") : "line-faint thin", 2);
  }
}

/// Where everything lives, to scale.
void draw_shared(Svg& svg) {
  const auto group = svg.group({440, 344}, "shared memory");
  const int pitch = tile_pitch(kHeadDim);
  const double scale = 280.0 / (2 * pitch + 10);
  svg.text({0, -12}, fmt::format("shared memory, head_dim {}: {} KiB", kHeadDim, 16 * kTile * (2 * pitch + 10) / 1024),
           "bold");
  svg.rect({0, 0}, scale * pitch, 40, "tint-blue line-blue");
  svg.text({scale * pitch / 2, 25}, "queries", "small middle");
  svg.rect({scale * pitch, 0}, scale * pitch, 40, "tint-orange line-orange");
  svg.text({scale * pitch * 1.5, 25}, "keys, then values", "small middle");
  svg.rect({2 * scale * pitch, 0}, scale * 10, 40, "tint-green line-green");
  svg.text({scale * (2 * pitch + 5), 25}, "P", "small middle");
}

/// What a block for each query loads: lesson 16.
double fused_bytes(const Problem& p) { return 8.0 * p.head_dim * p.q_len * p.kv_len; }

void draw_traffic(Svg& svg) {
  const double left = 96, width = 420, base = 654, height = 150;
  const auto x_of = [&](double n) { return left + width * (std::log2(n) - 7) / 6; };
  const auto y_of = [&](double bytes) { return base - height * (std::log2(bytes) - 16) / 19; };
  svg.text({24, 478}, "bytes of keys and values that all blocks of one head load, head_dim 64", "bold");
  for (const auto& [bits, label] :
       {std::pair{16, "64 KiB"}, {20, "1 MiB"}, {25, "32 MiB"}, {30, "1 GiB"}, {35, "32 GiB"}}) {
    svg.line({left, y_of(std::exp2(bits))}, {left + width, y_of(std::exp2(bits))},
             bits == 16 ? "line-muted" : "line-faint");
    svg.text({left - 8, y_of(std::exp2(bits)) + 4}, label, "small end fill-muted");
  }
  std::vector<Point> fused, flash, once;
  for (int n = 128; n <= 8192; n *= 2) {
    const Problem problem{.q_len = n, .kv_len = n, .head_dim = kHeadDim};
    fused.push_back({x_of(n), y_of(fused_bytes(problem))});
    flash.push_back({x_of(n), y_of(static_cast<double>(kv_bytes(problem)))});
    once.push_back({x_of(n), y_of(8.0 * kHeadDim * n)});
    svg.circle(flash.back(), 4, "fill-blue");
    svg.text({x_of(n), base + 20}, std::to_string(n), "small middle fill-muted");
  }
  svg.polyline(fused, "line-purple thick");
  svg.polyline(flash, "line-blue thick");
  svg.polyline(once, "line-muted thick dashed");
  const double x = left + width + 14;
  svg.text({x, fused.back().y + 4}, "a block for each query", "small fill-purple");
  svg.text({x, flash.back().y + 4}, "a block for 32 queries", "small fill-blue");
  svg.text({x, once.back().y + 4}, "each key once", "small fill-muted");
  svg.text({x + 14, base + 20}, "queries and keys", "small fill-muted");
}

}  // namespace

int main() {
  Svg svg(
      kWidth, kHeight, "The scores, the shared memory and the traffic of one thread block",
      "A tile of 32 by 32 scores: one thread has 16 of them, from four queries and four keys, eight apart; its warp "
      "has "
      "16 of the 32 queries. Where eight rows of a tile begin in shared memory: with a pitch of 16 all in the same "
      "group of banks, eight passes; with 17 in eight different groups, one pass. Below, the bytes of keys and values "
      "that are loaded: with a block for 32 queries, a thirty-second of what a block for each query loads.");
  svg.text({24, 24}, "Who does what in a block of 32 queries, and what it saves", "bold");
  draw_scores(svg);
  draw_banks(svg, {440, 84}, kHeadDim / 4, "rows one behind the other");
  draw_banks(svg, {618, 84}, tile_pitch(kHeadDim), "rows a little apart");
  svg.text({440, 246}, "Lanes 0 to 7 read the same float4 of rows 0 to 7.", "small fill-muted");
  svg.text({440, 264}, "A bank gives one word in a pass.", "small fill-muted");
  draw_shared(svg);
  draw_traffic(svg);
  std::cout << svg.str();
}
