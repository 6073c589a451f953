// Draws lessons/05_kv_cache/figure.svg: the attention layers of LLaMA 3 8B on the roofline of an H100, in prefill and
// in decoding.

#include <fmt/format.h>

#include <array>
#include <iostream>
#include <string>

#include "common/figure/roofline.h"
#include "kv_cache.h"

using namespace workbook;
using namespace workbook::figure;

namespace {

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

void draw(Svg& svg, const Dot& dot) {
  const Point at = on_roof(kH100, dot.intensity);
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
      Dot{"a prompt of 64 tokens", intensity({.q_len = 64}, 8), "blue", -12, -4, "end"},
      Dot{"a prompt of 4096 tokens", intensity({.q_len = 4096}, 8), "blue", 26, 22, "end"}};
  Svg svg(
      kRooflineWidth, kRooflineHeight, "Prefill and decoding on the roofline",
      fmt::format("The attention layers of LLaMA 3 8B under the roof of an H100. A decoded token after 4096 others has "
                  "{:.2f} FLOPs for each byte, far left of the ridge at 295; a prompt of 4096 tokens has {:.0f}, right "
                  "of it.",
                  dots[1].intensity, dots[4].intensity));
  draw_roofline(svg, kH100, "The attention layers of LLaMA 3 8B on an H100: TFLOP/s at most");
  for (const Dot& dot : dots) draw(svg, dot);
  std::cout << svg.str();
}
