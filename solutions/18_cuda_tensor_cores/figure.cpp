// Draws lessons/18_cuda_tensor_cores/figure.svg: who holds what of the three matrices, where eight rows of a tile have
// a chunk, and what is under way while a tile is multiplied.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <vector>

#include "common/figure/svg.h"
#include "cuda_tensor_cores.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::cuda_tensor_cores;

namespace {

constexpr double kWidth = 760, kHeight = 664, kCell = 14;
constexpr int kLane = 13;

/// One matrix: registers by colour, and the elements of one lane with their numbers.
void draw_matrix(Svg& svg, Point at, const std::string& title, int rows, int cols, int elements, int per_register,
                 Place (*place)(int, int)) {
  constexpr const char* kTints[] = {"tint-blue", "tint-green", "tint-orange", "tint-purple"};
  constexpr const char* kFills[] = {"fill-blue", "fill-green", "fill-orange", "fill-purple"};
  const auto group = svg.group(at, title);
  svg.text({0, -24}, title, "bold");
  svg.text({0, -8}, fmt::format("{} x {}", rows, cols), "small fill-muted");
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < elements; ++i) {
      const Place p = place(lane, i);
      const std::size_t r = static_cast<std::size_t>(i / per_register);
      const Point corner{p.col * kCell, p.row * kCell};
      svg.rect(corner, kCell - 1.5, kCell - 1.5, lane == kLane ? kFills[r] : kTints[r]);
    }
  for (int i = 0; i < elements; ++i) {
    const Place p = place(kLane, i);
    svg.text({p.col * kCell + kCell / 2 - 0.75, p.row * kCell + kCell - 4}, std::to_string(i),
             "small middle bold fill-paper");
  }
  for (int line = 8; line < std::max(rows, cols); line += 8) {
    if (line < rows) svg.line({-3, line * kCell - 0.75}, {cols * kCell + 1.5, line * kCell - 0.75}, "line-muted thin");
    if (line < cols) svg.line({line * kCell - 0.75, -3}, {line * kCell - 0.75, rows * kCell + 1.5}, "line-muted thin");
  }
}

void draw_registers(Svg& svg) {
  svg.text({24, 24},
           fmt::format("Who holds what: the elements of lane {} (g = {}, t = {}) among those of its warp", kLane,
                       kLane / 4, kLane % 4),
           "bold");
  draw_matrix(svg, {60, 84}, "a: q, or the weights", 16, 16, 8, 2, a_element);
  draw_matrix(svg, {340, 84}, "b: k^T, or the values", 16, 8, 4, 2, b_element);
  draw_matrix(svg, {550, 84}, "c: scores, or output", 16, 8, 4, 2, c_element);
  const double y = 84 + 16 * kCell + 24;
  constexpr const char* kNames[] = {"register 0", "register 1", "register 2", "register 3"};
  constexpr const char* kFills[] = {"fill-blue", "fill-green", "fill-orange", "fill-purple"};
  for (int r = 0; r < 4; ++r) {
    svg.rect({60 + 104. * r, y - 10}, 11, 11, kFills[r]);
    svg.text({76 + 104. * r, y}, kNames[r], "small");
  }
  svg.text({550, y}, "c: two floats of each colour", "small fill-muted");
  svg.text({60, y + 22}, "Two c side by side, of neighbouring products, are the four registers of an a.",
           "small fill-muted");
}

/// Eight rows of eight chunks; one chunk is marked in each.
void draw_rows(Svg& svg, Point at, const std::string& title, bool through_swizzle) {
  constexpr double kSize = 22;
  constexpr int kChunk = 2;
  const auto group = svg.group(at, title);
  std::vector<int> wanted(8);
  for (int row = 0; row < 8; ++row)
    ++wanted[static_cast<std::size_t>(through_swizzle ? swizzled(row, kChunk) : kChunk)];
  const int passes = std::ranges::max(wanted);
  svg.text({0, -26}, fmt::format("{}: {} {}", title, passes, passes == 1 ? "pass" : "passes"), "bold");
  svg.text({0, -8}, "8 groups of 4 banks", "small fill-muted");
  for (int row = 0; row < 8; ++row) {
    svg.text({-8, row * kSize + 15}, std::to_string(row), "small end fill-muted");
    for (int chunk = 0; chunk < 8; ++chunk) {
      const double x = (through_swizzle ? swizzled(row, chunk) : chunk) * kSize;
      const bool marked = chunk == kChunk;
      svg.rect({x, row * kSize}, kSize - 3, kSize - 3,
               marked ? through_swizzle ? "fill-green" : "fill-orange" : "line-faint thin", 2);
      svg.text({x + kSize / 2 - 1.5, row * kSize + 14}, std::to_string(chunk),
               marked ? "small middle bold fill-paper" : "small middle fill-muted");
    }
  }
}

void draw_swizzle(Svg& svg) {
  svg.text({24, 394}, "Chunk 2 of eight rows, which one ldmatrix reads", "bold");
  draw_rows(svg, {60, 452}, "in order", false);
  draw_rows(svg, {290, 452}, "c xor (r mod 8)", true);
}

/// Bars of one kind of work, from one time to another.
void draw_work(Svg& svg, double y, double from, double to, const char* look, const std::string& words) {
  svg.rect({from, y}, to - from - 2, 20, look, 3);
  svg.text({(from + to) / 2 - 1, y + 14}, words, "small middle");
}

void draw_time(Svg& svg) {
  const auto group = svg.group({520, 452}, "what is under way");
  constexpr double kCopy = 36, kWork = 44;
  svg.text({0, -26}, "one place for a tile", "bold");
  double at = 0;
  for (int tile = 0; tile < 2; ++tile) {
    draw_work(svg, 0, at, at + kCopy, "tint-orange line-orange", std::to_string(tile));
    draw_work(svg, 24, at + kCopy, at + kCopy + kWork, "tint-blue line-blue", std::to_string(tile));
    at += kCopy + kWork;
  }
  svg.text({at + 10, 14}, "copy", "small fill-orange");
  svg.text({at + 10, 38}, "multiply", "small fill-blue");
  svg.text({0, 92}, "two stages", "bold");
  at = 0;
  draw_work(svg, 110, 0, kCopy, "tint-orange line-orange", "0");
  at = kCopy;
  for (int tile = 0; tile < 3; ++tile) {
    if (tile < 2) draw_work(svg, 110, at, at + kCopy, "tint-orange line-orange", std::to_string(tile + 1));
    draw_work(svg, 134, at, at + kWork, "tint-blue line-blue", std::to_string(tile));
    at += kWork;
  }
}

}  // namespace

int main() {
  Svg svg(
      kWidth, kHeight, "Which lane holds which element, and where eight rows of a tile lie",
      "The three matrices of mma.m16n8k16, coloured by register: of a, four quarters of 8 by 8 are registers 0 to 3; "
      "of "
      "b, the upper and the lower half; of c, two rows of numbers for each half. Lane 13 holds pairs side by side in a "
      "and c, one below the other in b. Below: one chunk of eight rows lies in the same banks if rows are in order, in "
      "eight different groups of banks if it is stored at c xor r mod 8. And with two stages, one tile is copied while "
      "another is multiplied.");
  draw_registers(svg);
  draw_swizzle(svg);
  draw_time(svg);
  std::cout << svg.str();
}
