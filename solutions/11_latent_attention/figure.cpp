// Draws lessons/11_latent_attention/figure.svg: what a token leaves behind by four schemes, where the parentheses stand
// in the two forms of attention, and which of them is cheaper.

#include <fmt/format.h>

#include <iostream>
#include <vector>

#include "common/figure/svg.h"
#include "latent_attention.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::latent_attention;

namespace {

constexpr double kWidth = 760, kHeight = 640;
constexpr Model kModel{.layers = 1, .heads = 128, .kv_heads = 8, .head_dim = 128, .kv_rank = 512, .rope_dim = 64};
constexpr int kCached = 4096;

/// Numbers that a token leaves in one layer, as bars on a logarithmic scale.
void draw_cache(Svg& svg) {
  const auto group = svg.group({24, 24}, "cache");
  svg.text({0, 0}, "What a token leaves behind in one layer, in numbers (DeepSeek V3, logarithmic)", "bold");
  const struct {
    Scheme scheme;
    const char *name, *what, *colour;
  } kBars[] = {
      {Scheme::multi_head, "multi-head", "keys and values of 128 heads", "orange"},
      {Scheme::grouped_query, "grouped-query", "of 8 KV heads", "purple"},
      {Scheme::latent, "latent", "a latent and a rope key, for 128 different heads", "green"},
      {Scheme::multi_query, "multi-query", "of 1 KV head, the same for all", "blue"},
  };
  double y = 20;
  for (const auto& bar : kBars) {
    const std::int64_t numbers = cache_bytes_per_token(bar.scheme, kModel) / kModel.bytes_per_element;
    const double width = 26 * (std::log2(static_cast<double>(numbers)) - 6);
    svg.text({104, y + 15}, bar.name, "end");
    svg.rect({114, y}, width, 20, fmt::format("tint-{} line-{}", bar.colour, bar.colour), 3);
    svg.text({124, y + 15}, fmt::format("{}", numbers), fmt::format("fill-{}", bar.colour));
    svg.text({124 + width, y + 15}, bar.what, "small fill-muted");
    y += 29;
  }
}

void box(Svg& svg, Point at, double width, double height, std::string_view words, std::string_view colour) {
  svg.rect(at, width, height, fmt::format("tint-{} line-{}", colour, colour), 4);
  svg.text({at.x + width / 2, at.y + height / 2 + 5}, words, fmt::format("middle fill-{}", colour));
}

/// One form: what the cache is multiplied with.
void draw_expanded(Svg& svg) {
  const auto group = svg.group({24, 206}, "expanded");
  svg.text({0, 0}, "expanded: q (c w_uk)^T", "bold");
  box(svg, {0, 70}, 64, 130, "c", "green");
  svg.text({32, 216}, "cached,", "small middle fill-muted");
  svg.text({32, 231}, "4096 x 512", "small middle fill-muted");
  svg.arrow({66, 100}, {126, 100});
  svg.arrow({66, 170}, {126, 170});
  svg.text({96, 92}, "w_uk", "small middle");
  svg.text({96, 162}, "w_uv", "small middle");
  box(svg, {130, 64}, 44, 66, "k", "orange");
  box(svg, {130, 138}, 44, 66, "v", "orange");
  svg.text({152, 220}, "made by every head,", "small middle fill-orange");
  svg.text({152, 235}, "4096 x 128 each", "small middle fill-orange");
  box(svg, {238, 20}, 60, 24, "q", "blue");
  svg.text({306, 37}, "128", "small fill-muted");
  svg.arrow({262, 46}, {178, 92});
  svg.arrow({178, 170}, {236, 170});
  box(svg, {240, 158}, 60, 24, "o", "blue");
  svg.text({308, 175}, "128", "small fill-muted");
}

void draw_absorbed(Svg& svg) {
  const auto group = svg.group({404, 206}, "absorbed");
  svg.text({0, 0}, "absorbed: (q w_uk^T) c^T", "bold");
  box(svg, {0, 70}, 64, 130, "c", "green");
  svg.text({32, 216}, "cached,", "small middle fill-muted");
  svg.text({32, 231}, "4096 x 512", "small middle fill-muted");
  box(svg, {250, 20}, 60, 24, "q", "blue");
  svg.text({318, 37}, "128", "small fill-muted");
  svg.arrow({278, 46}, {278, 84});
  svg.text({286, 70}, "w_uk^T", "small");
  box(svg, {160, 88}, 150, 24, "q w_uk^T", "blue");
  svg.text({318, 105}, "512", "small fill-muted");
  svg.arrow({158, 100}, {70, 100});
  svg.text({112, 92}, "scores", "small middle");
  svg.arrow({66, 146}, {156, 146});
  svg.text({112, 138}, "p c", "small middle");
  box(svg, {160, 134}, 150, 24, "sum of p c", "blue");
  svg.text({318, 151}, "512", "small fill-muted");
  svg.arrow({278, 160}, {278, 196});
  svg.text({286, 183}, "w_uv", "small");
  box(svg, {250, 200}, 60, 24, "o", "blue");
  svg.text({318, 217}, "128", "small fill-muted");
  svg.text({92, 240}, "In both, a score has the rope key's part, too.", "small fill-muted");
}

/// FLOPs of one head over the number of queries, both logarithmic.
void draw_flops(Svg& svg) {
  const auto group = svg.group({86, 484}, "flops");
  constexpr double kPlotWidth = 440, kPlotHeight = 120;
  svg.text({-62, -12}, fmt::format("GFLOP of one head over {} cached tokens", kCached), "bold");
  const auto x_of = [](double queries) { return kPlotWidth * std::log2(queries) / 12; };
  const auto y_of = [](double gflop) { return kPlotHeight * (1 - (std::log10(gflop) + 2.2) / 4); };
  for (const double value : {0.01, 0.1, 1.0, 10.0}) {
    svg.line({0, y_of(value)}, {kPlotWidth, y_of(value)}, "line-faint");
    svg.text({-8, y_of(value) + 4}, fmt::format("{:g}", value), "small end fill-muted");
  }
  const auto gflop = [](Form form, int queries) {
    return 1e-9 * static_cast<double>(flops(form, {.q_len = queries,
                                                   .kv_len = kCached,
                                                   .head_dim = 128,
                                                   .value_dim = 128,
                                                   .rope_dim = 64,
                                                   .kv_rank = 512}));
  };
  std::vector<Point> expanded, absorbed;
  for (int queries = 1; queries <= kCached; queries *= 2) {
    expanded.push_back({x_of(queries), y_of(gflop(Form::expanded, queries))});
    absorbed.push_back({x_of(queries), y_of(gflop(Form::absorbed, queries))});
    if (std::countr_zero(static_cast<unsigned>(queries)) % 2 == 0)
      svg.text({x_of(queries), kPlotHeight + 20}, fmt::format("{}", queries), "small middle fill-muted");
  }
  svg.polyline(expanded, "line-orange thick");
  svg.polyline(absorbed, "line-blue thick");
  int even = 1;
  while (gflop(Form::absorbed, even) < gflop(Form::expanded, even)) ++even;
  const double y = y_of(gflop(Form::absorbed, even));
  svg.circle({x_of(even), y}, 5, "fill-ink");
  svg.text({x_of(even) - 8, y - 10}, fmt::format("{} queries", even), "small end");
  svg.text({x_of(1.3), y_of(1.5)}, "expanded", "small fill-orange");
  svg.text({x_of(9), y_of(0.04)}, "absorbed", "small fill-blue");
  svg.text({kPlotWidth + 16, absorbed.back().y + 4}, "a prompt: expand", "small fill-muted");
  svg.text({kPlotWidth + 16, y_of(0.01) + 4}, "a decoding step: absorb", "small fill-muted");
  svg.text({kPlotWidth + 40, kPlotHeight + 20}, "queries", "small fill-muted");
}

}  // namespace

int main() {
  Svg svg(
      kWidth, kHeight, "What latent attention caches, and two ways to use it",
      "Above, numbers cached for one token and layer: 32768 for multi-head attention, 2048 with 8 KV heads, 576 for "
      "latents, 256 with one KV head. In the middle, the expanded form makes keys and values from the cached "
      "latents; the absorbed form brings the query to the latents and the weighted latents to the output. Below, "
      "FLOPs of one head against the number of queries: absorbed is cheaper below 164 queries, expanded above.");
  draw_cache(svg);
  draw_expanded(svg);
  draw_absorbed(svg);
  draw_flops(svg);
  std::cout << svg.str();
}
