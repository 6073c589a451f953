// Draws lessons/16_cuda_fused/figure.svg: which lanes read which part of keys and values, and what one block loads.

#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <vector>

#include "common/figure/svg.h"
#include "cuda_fused.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::cuda_fused;

namespace {

constexpr double kWidth = 760, kHeight = 632, kCell = 9;
constexpr int kRows = 12, kColumns = 32;  // keys and channels, as drawn

/// One matrix of rows and channels; `looks` colours an element by what the first loads of warp 0 touch.
template <class Looks>
void draw_matrix(Svg& svg, Point at, const std::string& title, const std::string& what, Looks looks) {
  const auto group = svg.group(at, title);
  svg.text({0, -28}, title, "bold");
  svg.text({0, -10}, what, "small fill-muted");
  for (int row = 0; row < kRows; ++row)
    for (int c = 0; c < kColumns; ++c) svg.rect({c * kCell, row * kCell}, kCell - 1.5, kCell - 1.5, looks(row, c));
}

/// Sectors of 8 floats that hold a touched element, and the touched elements.
template <class Touched>
void sectors(Svg& svg, Point at, Touched touched) {
  int used = 0, count = 0;
  for (int row = 0; row < 32; ++row)
    for (int first = 0; first < kColumns; first += 8) {
      int here = 0;
      for (int c = first; c < first + 8; ++c) here += touched(row, c);
      used += here;
      count += here > 0;
    }
  svg.text(at, fmt::format("one load of a warp: {} sectors, {} of {} bytes used", count, 4 * used, 32 * count),
           "small fill-orange");
}

void draw_reads(Svg& svg) {
  const auto lane_per_key = [](int row, int c) { return row < 32 && c == 0; };
  // What the first loads of warp 0 touch, by the functions that the kernel uses.
  const auto some_thread = [](auto does) {
    for (int thread = 0; thread < 32; ++thread)
      if (does(thread)) return true;
    return false;
  };
  const auto eight_lanes = [=](int row, int c) {
    return some_thread([=](int thread) { return key_of(thread) == row && piece_of(thread) == c; });
  };
  const auto channels = [=](int row, int c) {
    return row == 0 && some_thread([=](int thread) { return channel_of(thread) == c; });
  };
  const auto looks = [](auto touched) {
    return [=](int row, int c) { return touched(row, c) ? "fill-orange" : "line-faint thin"; };
  };
  draw_matrix(svg, {40, 92}, "keys: a lane for each key", "32 lanes, 32 rows", looks(lane_per_key));
  sectors(svg, {40, 92 + kRows * kCell + 20}, lane_per_key);
  draw_matrix(svg, {420, 92}, "keys: eight lanes for each key", "lane x of eight: channels x, x + 8, ...",
              [&](int row, int c) {
                return eight_lanes(row, c) ? "fill-orange" : row < 4 ? "tint-orange" : "line-faint thin";
              });
  sectors(svg, {420, 92 + kRows * kCell + 20}, eight_lanes);
  draw_matrix(svg, {40, 290}, "values: a lane for each channel", "warp 0 has rows 0, 4, 8, ...", [&](int row, int c) {
    return channels(row, c) ? "fill-orange" : row % 4 == 0 ? "tint-orange" : "line-faint thin";
  });
  sectors(svg, {40, 290 + kRows * kCell + 20}, channels);
}

void draw_shared(Svg& svg) {
  const auto group = svg.group({420, 290}, "shared memory");
  svg.text({0, -28}, "on the chip, for one query", "bold");
  svg.rect({0, 0}, 288, 30, "tint-blue line-blue");
  svg.text({144, 20}, fmt::format("a row of up to {} scores", kMaxKeys), "small middle");
  svg.rect({0, 44}, 60, 30, "tint-green line-green");
  svg.text({30, 64}, "query", "small middle");
  svg.rect({74, 44}, 214, 30, "tint-purple line-purple");
  svg.text({181, 64}, fmt::format("{} warps' sums", kThreads / 32), "small middle");
  svg.text({0, 100}, "Then the block ends, and nothing of it is left", "small fill-muted");
  svg.text({0, 118}, "but head_dim floats in global memory.", "small fill-muted");
}

/// Bytes moved, fused and by lesson 15's five kernels with everything read once per kernel.
void draw_traffic(Svg& svg) {
  const double left = 250, width = 420, top = 476;
  svg.text({24, top - 16}, "bytes loaded and stored, one head, 1024 queries and keys, 64 channels, no mask", "bold");
  const std::int64_t n = 1024, d = 64;
  const Traffic fused = traffic({.q_len = int(n), .kv_len = int(n), .head_dim = int(d)});
  const struct {
    const char* words;
    double bytes;
    const char* looks;
  } bars[] = {{"inputs and output, once", 16.0 * n * d, "fill-green"},
              {"the score matrix of lesson 15", 40.0 * n * n, "fill-blue"},
              {"fused: a block for each query", double(fused.loaded + fused.stored), "fill-orange"}};
  double y = top;
  for (const auto& bar : bars) {
    const double length = width * bar.bytes / double(fused.loaded + fused.stored);
    svg.text({left - 10, y + 17}, bar.words, "small end");
    svg.rect({left, y}, std::max(length, 1.5), 24, bar.looks);
    const double mib = bar.bytes / (1 << 20);
    const std::string words = fmt::format("{:.0f} MiB", mib);
    if (length > width / 2)
      svg.text({left + length - 8, y + 17}, words, "small end fill-paper");
    else
      svg.text({left + length + 8, y + 17}, words, "small");
    y += 38;
  }
  svg.text({24, y + 20}, "No score leaves the chip, and everything else is loaded again by each block.",
           "small fill-muted");
}

}  // namespace

int main() {
  Svg svg(
      kWidth, kHeight, "Which lanes read which part of keys and values",
      "With a lane for each key, one load of a warp touches 32 sectors for 128 bytes. With eight lanes for each key it "
      "touches 4 and uses all of them; so do the values with a lane for each channel. On the chip are a row of scores, "
      "a query and the warps' sums. Below: fused attention moves 512 MiB where the inputs and the output are 1 MiB.");
  svg.text({24, 24}, "What a warp reads at once, and what the blocks move together", "bold");
  draw_reads(svg);
  draw_shared(svg);
  draw_traffic(svg);
  std::cout << svg.str();
}
