// Draws lessons/06_sliding_window/figure.svg: which keys a query sees with a causal mask, with a window and with
// blocks, how many scores that is, and how far back a window reaches through several layers.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "common/figure/svg.h"
#include "sliding_window.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::sliding_window;

namespace {

constexpr double kWidth = 760, kHeight = 560, kMargin = 24;
constexpr std::int64_t kSeq = 24, kWindow = 4, kBlockSize = 2;
constexpr double kCell = 9;
constexpr LayoutConfig kConfig{
    .blocks = kSeq / kBlockSize, .local = 2, .global = 1, .random = 1, .seed = 13, .mask = Mask::causal};

// The upper half: pairs of a query and a key.

const char* kind_of_block(std::int64_t i, std::int64_t j) {
  if (i - j < kConfig.local) return "fill-blue";
  return j < kConfig.global ? "fill-orange" : "fill-green";
}

template <class Colour>
std::int64_t draw_pairs(Svg& svg, Colour colour_of) {
  std::int64_t seen = 0;
  svg.rect({-2, -2}, kSeq * kCell + 3, kSeq * kCell + 3, "line-faint");
  for (std::int64_t i = 0; i < kSeq; ++i)
    for (std::int64_t j = 0; j < kSeq; ++j)
      if (const std::string colour = colour_of(i, j); !colour.empty()) {
        ++seen;
        svg.rect({kCell * static_cast<double>(j), kCell * static_cast<double>(i)}, kCell - 1, kCell - 1, colour);
      }
  return seen;
}

template <class Colour>
void draw_panel(Svg& svg, double left, const std::string& name, Colour colour_of) {
  const auto panel = svg.group({left, 66}, name);
  svg.text({0, -14}, name, "bold");
  const std::int64_t seen = draw_pairs(svg, colour_of);
  svg.text({0, kSeq * kCell + 20}, fmt::format("{} scores of {}", seen, kSeq * kSeq), "small");
}

void draw_panels(Svg& svg) {
  const TensorOf<bool> causal = window_mask(kSeq, kSeq, kSeq, Mask::causal);
  const TensorOf<bool> window = window_mask(kSeq, kSeq, kWindow, Mask::causal);
  const TensorOf<bool> layout = block_layout(kConfig);
  draw_panel(svg, 46, "causal", [&](auto i, auto j) { return causal.at(i, j) ? "fill-muted" : ""; });
  draw_panel(svg, 278, fmt::format("causal, window {}", kWindow),
             [&](auto i, auto j) { return window.at(i, j) ? "fill-blue" : ""; });
  draw_panel(svg, 510, fmt::format("causal, blocks of {}", kBlockSize), [&](auto i, auto j) {
    return j <= i && layout.at(i / kBlockSize, j / kBlockSize) ? kind_of_block(i / kBlockSize, j / kBlockSize) : "";
  });
  svg.text({46, 24}, "key", "small fill-muted");
  svg.arrow({72, 20}, {122, 20}, "line-muted");
  svg.text({32, 66 + 36}, "query", "small fill-muted", 90);
  svg.arrow({28, 66 + 44}, {28, 66 + 94}, "line-muted");
  double x = 510;
  for (const auto& [kind, colour] : {std::pair{"local", "blue"}, {"global", "orange"}, {"random", "green"}}) {
    svg.rect({x, 320}, 10, 10, fmt::format("fill-{}", colour));
    svg.text({x + 15, 329}, kind, "small");
    x += 72;
  }
}

// The lower half: what the last token may know of the others, layer by layer.

constexpr std::int64_t kTokens = 16;
constexpr int kLayers = 3;

Point place(int layer, std::int64_t token) {
  return {120 + 40 * static_cast<double>(token), 516 - 44 * static_cast<double>(layer)};
}

void draw_reach(Svg& svg) {
  svg.text({kMargin, 362}, fmt::format("What a token may know, through {} layers of window {}", kLayers, kWindow),
           "bold");
  std::int64_t reach = kTokens - 1;  // the first token that matters, so far
  std::array<std::int64_t, kLayers + 1> first{};
  for (int layer = kLayers; layer >= 0; --layer) {
    first[static_cast<std::size_t>(layer)] = reach;
    if (layer > 0)
      for (std::int64_t query = 0; query < kTokens; ++query) {
        const auto [key, count] = key_range(query, kTokens, kTokens, kWindow, Mask::causal);
        for (std::int64_t j = key; j < key + count; ++j)
          svg.line(place(layer, query), place(layer - 1, j), query >= reach ? "line-blue thin" : "line-faint thin");
      }
    reach = key_range(reach, kTokens, kTokens, kWindow, Mask::causal).first;
  }
  for (int layer = 0; layer <= kLayers; ++layer) {
    const std::int64_t matters = first[static_cast<std::size_t>(layer)];
    svg.text({kMargin, place(layer, 0).y + 4}, layer == 0 ? "tokens" : fmt::format("layer {}", layer),
             "small fill-muted");
    for (std::int64_t token = 0; token < kTokens; ++token)
      svg.circle(place(layer, token), 7, token >= matters ? "fill-blue line-blue" : "tint-paper line-faint");
  }
  svg.text({place(0, first[0]).x - 8, kHeight - 14},
           fmt::format("{} tokens reach the last one: 1 + {} x {}", kTokens - first[0], kLayers, kWindow - 1), "small");
}

}  // namespace

int main() {
  Svg svg(kWidth, kHeight, "Which keys a query sees, and how far a window reaches",
          "Above, three squares of 24 queries by 24 keys. Causal: a triangle of 300 scores. Causal with window 4: a "
          "band of 90 scores along the diagonal. Causal with blocks: a band of local blocks, a column of global blocks "
          "and scattered random blocks. Below, 16 tokens and three layers with window 4: the last token gets something "
          "of 4 tokens through one layer, of 7 through two and of 10 through three.");
  draw_panels(svg);
  draw_reach(svg);
  std::cout << svg.str();
}
