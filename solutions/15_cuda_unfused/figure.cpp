// Draws lessons/15_cuda_unfused/figure.svg: who loads and who computes what in a tile, what a column of it costs, and
// what the kernels move.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iostream>

#include "common/figure/svg.h"
#include "cuda_unfused.h"

using namespace workbook;
using namespace workbook::cuda_unfused;
using namespace workbook::figure;

namespace {

constexpr double kWidth = 760, kLeft = 40, kCell = 5;
constexpr int kWarpShown = 5, kLaneShown = 20;  // one warp of the block, and one of its threads
constexpr int kBlockX = 2, kBlockY = 1;         // the block that is drawn

/// A tile of 32 by 32 cells, of which those of the shown warp and the shown thread are filled. place(duty) is a
/// thread's cell.
template <class Place>
void draw_tile(Svg& svg, double x, const char* name, const char* rows, const char* columns, const char* colour,
               Place place) {
  const auto tile = svg.group({x, 84}, name);
  const double side = kTile * kCell;
  svg.text({0, -22}, name, "mono bold");
  svg.text({side / 2, side + 16}, columns, "small middle fill-muted");
  svg.text({-8, side / 2}, rows, "small middle fill-muted", 90);
  svg.rect({0, 0}, side, side, "tint-muted line-muted thin");
  for (int lane = 0; lane < kTile; ++lane) {
    const auto [row, column] = place(duty(kBlockX, kBlockY, lane, kWarpShown));
    svg.rect({column * kCell, row * kCell}, kCell, kCell, fmt::format("fill-{}", colour));
    if (lane == kLaneShown) svg.circle({(column + 0.5) * kCell, (row + 0.5) * kCell}, 4.5, "fill-red");
  }
}

void draw_tiles(Svg& svg) {
  const int first_query = duty(kBlockX, kBlockY, 0, 0).query, first_key = duty(kBlockX, kBlockY, 0, 0).key;
  draw_tile(svg, kLeft, "q_smem", "queries", "channels of the piece", "blue",
            [=](const Duty& d) { return std::pair(d.q_row - first_query, d.channel); });
  draw_tile(svg, kLeft + 250, "k_smem", "keys", "channels of the piece", "blue",
            [=](const Duty& d) { return std::pair(d.k_row - first_key, d.channel); });
  // What the warp reads of k_smem in one step of the inner loop: the keys that its lanes compute with.
  constexpr int kStep = 11;
  for (int lane = 0; lane < kTile; ++lane) {
    const int row = duty(kBlockX, kBlockY, lane, kWarpShown).key - first_key;
    const Point corner{kLeft + 250 + kStep * kCell, 84 + row * kCell};
    svg.rect(corner, kCell, kCell, "fill-orange");
    if (lane == kLaneShown) svg.circle({corner.x + kCell / 2, corner.y + kCell / 2}, 4.5, "fill-red");
  }
  draw_tile(svg, kLeft + 500, "scores", "queries", "keys", "orange",
            [=](const Duty& d) { return std::pair(d.query - first_query, d.key - first_key); });
  svg.text({kLeft, 76}, "loaded by the warp", "small fill-blue");
  svg.text({kLeft + 250, 76}, "loaded", "small fill-blue");
  svg.text({kLeft + 250 + kTile * kCell, 76}, "read in one step", "small end fill-orange");
  svg.text({kLeft + 500, 76}, "computed by the warp", "small fill-orange");
}

void draw_wavefronts(Svg& svg) {
  const auto panel = svg.group({kLeft, 306}, "wavefronts");
  svg.text({-16, 0}, "Wavefronts to read a column, by the pitch", "bold");
  constexpr int kFirst = 28, kLast = 36;
  const double base = 180, unit = 4.5, step = 32;
  for (int pitch = kFirst; pitch <= kLast; ++pitch) {
    const double x = (pitch - kFirst) * step;
    const int wavefronts = wavefronts_of_a_column(pitch);
    svg.rect({x, base - unit * wavefronts}, 20, unit * wavefronts,
             wavefronts == 1       ? "fill-blue"
             : wavefronts == kTile ? "fill-red"
                                   : "fill-orange");
    svg.text({x + 10, base - unit * wavefronts - 4}, std::to_string(wavefronts), "small middle");
    svg.text({x + 10, base + 16}, std::to_string(pitch), "small middle");
  }
  svg.line({-10, base}, {(kLast - kFirst + 1) * step, base}, "line-muted");
}

std::string mebibytes(std::int64_t bytes) { return fmt::format("{:.4g}", static_cast<double>(bytes) / (1 << 20)); }

void draw_traffic(Svg& svg) {
  const auto panel = svg.group({400, 306}, "traffic");
  const Problem head{.heads = 1, .q_len = 1024, .kv_len = 1024, .head_dim = 64};
  svg.text({0, 0}, "MiB that the kernels ask for (logarithmic)", "bold");
  constexpr std::array names{"scores", "scale", "mask", "softmax", "weighted sum", "tiled scores"};
  const auto length = [](std::int64_t bytes) {  // logarithmic, from 64 KiB on
    return bytes == 0 ? 0 : 14 * std::max(0.2, std::log2(static_cast<double>(bytes) / (1 << 16)));
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Traffic t = traffic(static_cast<Kernel>(i), head);
    const double y = 16 + 30 * static_cast<double>(i);
    svg.text({84, y + 16}, names[i], "small end");
    svg.rect({92, y}, length(t.loaded), 11, "fill-blue");
    svg.text({96 + length(t.loaded), y + 10}, mebibytes(t.loaded), "small fill-blue");
    svg.rect({92, y + 12}, length(t.stored), 11, "fill-green");
    svg.text({96 + length(t.stored), y + 22}, mebibytes(t.stored), "small fill-green");
  }
  svg.text({344, 56}, "loaded", "small end fill-blue");
  svg.text({344, 70}, "stored", "small end fill-green");
}

}  // namespace

int main() {
  Svg svg(
      kWidth, 530, "What a warp loads and computes in a block with tiles, and the banks of a column",
      "Three squares of 32 by 32. A warp loads one row of the tile of queries and one row of the tile of keys, its "
      "lanes neighbouring channels; it computes one row of the scores, for which it reads a column of the tile of "
      "keys. Below, the wavefronts for a column: 32 if the rows are 32 floats apart, 1 if they are 33 apart. Beside "
      "it, bytes moved for 1024 queries and keys of 64 channels: scores and weighted sum load 512 MiB each, tiled "
      "scores 16, all others at most 12.");
  svg.text({24, 26},
           fmt::format("Warp {} of block ({}, {}), and its thread ({}, {}) in red", kWarpShown, kBlockX, kBlockY,
                       kLaneShown, kWarpShown),
           "bold");
  draw_tiles(svg);
  draw_wavefronts(svg);
  draw_traffic(svg);
  std::cout << svg.str();
}
