// Draws docs/figures/roofline.svg; with --table, prints the numbers that docs/roofline.md shows.

#include <fmt/core.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "common/figure/roofline.h"

using namespace workbook::figure;

namespace {

constexpr double kElement = 2;  // bytes

struct Way {
  const char* name;
  double flops, elements;  // of one query head

  double intensity() const { return flops / (kElement * elements); }
  double attainable() const { return kH100.attainable(intensity()); }  ///< TFLOP/s
};

/// FLOPs: the two products, 2 n_q n_k d each. Elements: what is read and written in the large memory.
std::vector<Way> ways(double n, double d) {
  const double flops = 4 * n * n * d, q = n * d, kv = 2 * n * d, out = n * d, scores = n * n;
  const auto flash = [&](double block_q) { return q + out + kv * std::ceil(n / block_q); };
  return {{"decoding, multi-head", 4 * n * d, 2 * d + kv},
          {"decoding, 8 query heads to a KV head", 4 * n * d, 2 * d + kv / 8},
          {"fused, row by row", flops, q + out + kv * n},
          {"unfused", flops, q + kv + 4 * scores + out},
          {"flash, 128 rows a tile", flops, flash(128)},
          {"flash, 512 rows a tile", flops, flash(512)},
          {"every tensor once", flops, q + kv + out}};
}

void print_table(const std::vector<Way>& all) {
  fmt::print("| | MFLOP | MB of traffic | FLOP per byte | at most, TFLOP/s |\n|---|---|---|---|---|\n");
  for (const Way& way : all)
    fmt::print("| {} | {:.1f} | {:.4g} | {:.1f} | {:.3g} |\n", way.name, way.flops / 1e6, kElement * way.elements / 1e6,
               way.intensity(), way.attainable());
}

void draw(const std::vector<Way>& all) {
  Svg svg(
      kRooflineWidth, kRooflineHeight, "Roofline of attention",
      "The rate of computing against FLOP per byte, both logarithmic. The roof rises with the memory's bandwidth up "
      "to 295 FLOP per byte and is flat from there. Decoding lies far left at the bottom, unfused attention and "
      "small flash tiles on the slope, and attention that moves every tensor once on the flat part.");
  draw_roofline(svg, kH100, "What an H100 can do at most, in TFLOP/s");
  for (const Way& way : all) {
    const bool decoding = std::strncmp(way.name, "decoding", 8) == 0;
    const bool fused = std::strncmp(way.name, "fused", 5) == 0;
    const Point at = on_roof(kH100, way.intensity());
    svg.circle(at, 5, decoding ? "fill-orange" : "fill-blue");
    const bool flat = way.intensity() > kH100.ridge();
    const Point label =
        flat ? Point{at.x, at.y + (way.intensity() < 1000 ? -12 : 22)} : Point{at.x + 12, at.y + (fused ? 20 : 6)};
    svg.text(label, way.name, flat ? "small middle" : "small");
  }
  fmt::print("{}", svg.str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Way> all = ways(4096, 128);
  argc > 1 && std::strcmp(argv[1], "--table") == 0 ? print_table(all) : draw(all);
}
