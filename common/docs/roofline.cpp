// Draws docs/figures/roofline.svg; with --table, prints the numbers that docs/roofline.md shows.

#include <fmt/core.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "common/figure/svg.h"

using namespace workbook::figure;

namespace {

// NVIDIA H100 SXM, data sheet: dense 16-bit tensor cores, HBM3.
constexpr double kPeak = 989e12, kBandwidth = 3.35e12;
constexpr double kElement = 2;  // bytes

struct Way {
  const char* name;
  double flops, elements;  // of one query head

  double intensity() const { return flops / (kElement * elements); }
  double attainable() const { return std::fmin(kPeak, kBandwidth * intensity()); }
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
               way.intensity(), way.attainable() / 1e12);
}

double x_of(double intensity) { return 70 + 49 * std::log2(intensity / 0.5); }
double y_of(double flops) { return 330 - 26 * std::log2(flops / 1e12); }

void draw_axes(Svg& svg) {
  svg.line({x_of(0.5), y_of(1e12)}, {x_of(4096), y_of(1e12)}, "line-muted");
  for (double intensity = 1; intensity <= 4096; intensity *= 4) {
    svg.line({x_of(intensity), y_of(1e12)}, {x_of(intensity), y_of(1e12) + 5}, "line-muted");
    svg.text({x_of(intensity), y_of(1e12) + 20}, fmt::format("{}", intensity), "small middle fill-muted");
  }
  for (double rate = 1; rate <= 1024; rate *= 4) {
    svg.line({x_of(0.5), y_of(rate * 1e12)}, {x_of(4096), y_of(rate * 1e12)}, "line-faint thin");
    svg.text({x_of(0.5) - 8, y_of(rate * 1e12) + 4}, fmt::format("{}", rate), "small end fill-muted");
  }
  svg.text({x_of(45), y_of(1e12) + 42}, "FLOP per byte of traffic", "small middle fill-muted");
  svg.text({24, 26}, "What an H100 can do at most, in TFLOP/s", "bold");
}

void draw(const std::vector<Way>& all) {
  Svg svg(
      760, 390, "Roofline of attention",
      "The rate of computing against FLOP per byte, both logarithmic. The roof rises with the memory's bandwidth up "
      "to 295 FLOP per byte and is flat from there. Decoding lies far left at the bottom, unfused attention and "
      "small flash tiles on the slope, and attention that moves every tensor once on the flat part.");
  draw_axes(svg);
  const double ridge = kPeak / kBandwidth;
  const Point roof[] = {{x_of(0.5), y_of(0.5 * kBandwidth)}, {x_of(ridge), y_of(kPeak)}, {x_of(4096), y_of(kPeak)}};
  svg.polyline(roof, "line-ink thick");
  svg.text({x_of(3.2), y_of(3.2 * kBandwidth) - 12}, "3.35 TB/s", "small middle fill-muted", 27.9);
  svg.text({x_of(4096), y_of(kPeak) - 12}, "989 TFLOP/s", "small end fill-muted");
  svg.line({x_of(ridge), y_of(kPeak)}, {x_of(ridge), y_of(1e12)}, "line-muted dashed");
  svg.text({x_of(ridge) + 6, y_of(1.6e12)}, fmt::format("{:.0f}", ridge), "small fill-muted");
  for (const Way& way : all) {
    const bool decoding = std::strncmp(way.name, "decoding", 8) == 0;
    const bool fused = std::strncmp(way.name, "fused", 5) == 0;
    const Point at{x_of(way.intensity()), y_of(way.attainable())};
    svg.circle(at, 5, decoding ? "fill-orange" : "fill-blue");
    const bool flat = way.intensity() > ridge;
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
