// Draws lessons/14_cuda_softmax/figure.svg: which logits the threads of block 0 read first, and what memory hands over.

#include <fmt/format.h>

#include <array>
#include <iostream>
#include <set>

#include "common/figure/svg.h"
#include "cuda_softmax.h"

using namespace workbook;
using namespace workbook::cuda_softmax;
using namespace workbook::figure;

namespace {

constexpr double kWidth = 760, kLeft = 24, kCell = 4.5;
constexpr int kShownColumns = 128, kSector = 8, kCols = 1024;
constexpr std::array kColours{"blue", "orange", "green", "purple"};  // of the block's four warps

/// The first load of all threads of block 0, in the upper left corner of a matrix of kCols columns.
void draw_first_load(Svg& svg, Mapping mapping, int shown_rows, double row_height) {
  const double width = kShownColumns * kCell, height = shown_rows * row_height;
  std::set<std::pair<int, int>> sectors;
  for (int thread = 0; thread < kBlock; ++thread) {
    const Walk its = walk(mapping, 0, thread);
    if (its.row < shown_rows) sectors.insert({its.row, its.first / kSector});
  }
  for (const auto& [row, sector] : sectors)
    svg.rect({sector * kSector * kCell, row * row_height}, kSector * kCell, row_height, "tint-red");
  for (int thread = 0; thread < kBlock; ++thread) {
    const Walk its = walk(mapping, 0, thread);
    if (its.row < shown_rows)
      svg.rect({its.first * kCell, its.row * row_height}, kCell, row_height,
               fmt::format("fill-{}", kColours[static_cast<std::size_t>(thread / kWarp)]));
  }
  for (int column = 0; column <= kShownColumns; column += kSector)
    svg.line({column * kCell, 0}, {column * kCell, height}, "line-faint thin");
  svg.rect({0, 0}, width, height, "line-muted thin");
}

void draw_mapping(Svg& svg, double top, Mapping mapping, const char* name, int shown_rows, double row_height) {
  const auto panel = svg.group({kLeft, top}, name);
  const int sectors = sectors_of_first_load(mapping, kCols), used = kWarp * 4, moved = sectors * 32;
  svg.text({0, -7}, name, "mono");
  svg.text({kShownColumns * kCell, -7}, "columns 0 to 127 of 1024", "small end fill-muted");
  {
    const auto matrix = svg.group({0, 0}, "columns 0 to 127");
    draw_first_load(svg, mapping, shown_rows, row_height);
  }
  const double right = kShownColumns * kCell + 12;
  svg.text({right, 12}, fmt::format("{} sectors a warp", sectors), "small bold");
  svg.text({right, 28}, fmt::format("{} of {} bytes", used, moved), "small fill-muted");
  svg.text({right, 42}, "are used", "small fill-muted");
}

/// Sectors of a warp's first load over the number of columns, as sectors_of_first_load has them.
void draw_widths(Svg& svg, double top) {
  const auto panel = svg.group({kLeft, top}, "sectors by columns");
  constexpr int kMost = 16;
  const double step = 40, base = 120, unit = 3;
  svg.text({0, -12}, "Sectors of a warp's first load, by the width of the matrix", "bold");
  for (int cols = 1; cols <= kMost; ++cols) {
    const double x = 18 + (cols - 1) * step;
    const int apart = sectors_of_first_load(Mapping::thread_per_row, cols);
    const int together = sectors_of_first_load(Mapping::warp_per_row, cols);
    svg.rect({x, base - unit * apart}, 14, unit * apart, "fill-red");
    svg.rect({x + 15, base - unit * together}, 14, unit * together, "fill-blue");
    svg.text({x + 7, base - unit * apart - 4}, std::to_string(apart), "small middle fill-red");
    svg.text({x + 22, base - unit * together - 4}, std::to_string(together), "small middle fill-blue");
    svg.text({x + 14, base + 16}, std::to_string(cols), "small middle");
  }
  svg.line({0, base}, {18 + kMost * step, base}, "line-muted");
  svg.text({18 + kMost * step + 6, base + 16}, "columns", "small fill-muted");
  svg.text({18 + kMost * step + 6, 40}, "thread", "small fill-red");
  svg.text({18 + kMost * step + 6, 54}, "per row", "small fill-red");
  svg.text({18 + kMost * step + 6, 84}, "warp", "small fill-blue");
  svg.text({18 + kMost * step + 6, 98}, "per row", "small fill-blue");
}

}  // namespace

int main() {
  Svg svg(
      kWidth, 552, "Which logits the first warp reads, and the sectors that this moves",
      "The upper left corner of a matrix with 1024 columns, and the first logit that each of the 128 threads of "
      "block 0 reads. With a thread for each row they lie below each other, and every lane moves a sector of its "
      "own. With a block for each row the four warps read 128 neighbours; with a warp for each row every warp reads "
      "32 neighbours of its row: 4 sectors for a warp. Below: the sectors of a warp's first load for 1 to 16 "
      "columns; a thread for each row needs 4 for each column until it has 32.");
  svg.text({kLeft, 24}, "What the 128 threads of block 0 read first, and the sectors of 32 bytes that hold it", "bold");
  for (int warp = 0; warp < 4; ++warp)
    svg.text({kLeft + 70 * warp, 44}, fmt::format("warp {}", warp),
             fmt::format("small fill-{}", kColours[static_cast<std::size_t>(warp)]));
  svg.text({kLeft + 290, 44}, "moved, not used", "small fill-red");
  draw_mapping(svg, 74, Mapping::thread_per_row, "thread per row", 40, 3.5);
  draw_mapping(svg, 250, Mapping::block_per_row, "block per row", 6, 10);
  draw_mapping(svg, 346, Mapping::warp_per_row, "warp per row", 6, 10);
  draw_widths(svg, 454);
  std::cout << svg.str();
}
