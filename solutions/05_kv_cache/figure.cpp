// Draws lessons/05_kv_cache/figure.svg: the attention layers of LLaMA 3 8B on the roofline of an H100, in prefill and
// in decoding.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iostream>
#include <string>

#include "common/figure/svg.h"
#include "kv_cache.h"

using namespace workbook;
using namespace workbook::figure;

namespace {

// NVIDIA H100 SXM, data sheet: dense 16-bit tensor cores, HBM3.
constexpr double kPeak = 989, kBandwidth = 3.35;  // TFLOP/s, TB/s
constexpr double kWidth = 760, kHeight = 420;

double x_of(double intensity) { return 70 + 46 * std::log2(intensity / 0.5); }
double y_of(double rate) { return 360 - 29 * std::log2(rate); }
double attainable(double intensity) { return std::fmin(kPeak, kBandwidth * intensity); }

double intensity(const kv_cache::Step& step, int kv_heads) {
  const kv_cache::Model model{.layers = 32, .d_model = 4096, .heads = 32, .kv_heads = kv_heads, .head_dim = 128};
  const kv_cache::Cost cost = kv_cache::step_cost(model, step);
  return static_cast<double>(cost.flops) / static_cast<double>(cost.bytes);
}

struct Dot {
  std::string name;
  double intensity;
  const char* colour;
  double dx, dy;
  const char* anchor;
};

void draw_axes(Svg& svg) {
  svg.line({x_of(0.5), y_of(1)}, {x_of(8192), y_of(1)}, "line-muted");
  for (double at = 1; at <= 4096; at *= 4) {
    svg.line({x_of(at), y_of(1)}, {x_of(at), y_of(1) + 5}, "line-muted");
    svg.text({x_of(at), y_of(1) + 20}, fmt::format("{}", at), "small middle fill-muted");
  }
  for (double rate = 1; rate <= 1024; rate *= 4) {
    svg.line({x_of(0.5), y_of(rate)}, {x_of(8192), y_of(rate)}, "line-faint thin");
    svg.text({x_of(0.5) - 8, y_of(rate) + 4}, fmt::format("{}", rate), "small end fill-muted");
  }
  svg.text({x_of(64), y_of(1) + 44}, "FLOPs per byte that is moved", "small middle fill-muted");
  svg.text({x_of(0.5) - 44, y_of(32)}, "TFLOP/s at most", "small middle fill-muted", 90);
}

void draw(Svg& svg, const Dot& dot) {
  const Point at{x_of(dot.intensity), y_of(attainable(dot.intensity))};
  svg.circle(at, 5, fmt::format("fill-{}", dot.colour));
  svg.text({at.x + dot.dx, at.y + dot.dy},
           fmt::format("{}: {:.{}f}", dot.name, dot.intensity, dot.intensity < 10 ? 2 : 0),
           fmt::format("small {}", dot.anchor));
}

}  // namespace

int main() {
  const std::array dots{
      Dot{"one token, 32 KV heads", intensity({.past_len = 4096}, 32), "orange", 10, 32, ""},
      Dot{"one token, 8 KV heads", intensity({.past_len = 4096}, 8), "orange", 12, 16, ""},
      Dot{"64 sequences, a token each", intensity({.batch = 64, .past_len = 4096}, 8), "orange", 12, 10, ""},
      Dot{"a prompt of 64 tokens", intensity({.q_len = 64}, 8), "blue", 12, 10, ""},
      Dot{"a prompt of 4096 tokens", intensity({.q_len = 4096}, 8), "blue", 0, -14, "middle"}};
  Svg svg(
      kWidth, kHeight, "Prefill and decoding on the roofline",
      fmt::format("The attention layers of LLaMA 3 8B under the roof of an H100. A decoded token after 4096 others has "
                  "{:.2f} FLOPs for each byte, far left of the ridge at 295; a prompt of 4096 tokens has {:.0f}, right "
                  "of it.",
                  dots[1].intensity, dots[4].intensity));
  svg.text({24, 26}, "The attention layers of LLaMA 3 8B on an H100", "bold");
  draw_axes(svg);
  const std::array<Point, 3> roof{
      Point{x_of(0.5), y_of(attainable(0.5))}, {x_of(kPeak / kBandwidth), y_of(kPeak)}, {x_of(8192), y_of(kPeak)}};
  svg.polyline(roof, "line-ink thick");
  svg.text({x_of(16), y_of(90)}, "3.35 TB/s", "small end fill-muted");
  svg.text({x_of(8192), y_of(kPeak) + 22}, "989 TFLOP/s", "small end fill-muted");
  svg.text({x_of(kPeak / kBandwidth) + 4, y_of(1) - 8}, "295", "small fill-muted");
  svg.line({x_of(kPeak / kBandwidth), y_of(kPeak)}, {x_of(kPeak / kBandwidth), y_of(1)}, "line-faint");
  for (const Dot& dot : dots) draw(svg, dot);
  std::cout << svg.str();
}
