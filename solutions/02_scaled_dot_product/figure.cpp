// Draws lessons/02_scaled_dot_product/figure.svg: what one head's tensors weigh at three lengths, and what masks do to
// the weights.

#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <string>

#include "common/figure/svg.h"
#include "scaled_dot_product.h"

using namespace workbook;
using namespace workbook::figure;
using namespace workbook::scaled_dot_product;

namespace {

constexpr double kWidth = 760, kHeight = 542, kMargin = 24;
constexpr int kHeadDim = 128;
constexpr double kPixels = 0.2;  // for each row or column of a matrix

std::string size_of(std::int64_t bytes) {
  const double kib = static_cast<double>(bytes) / 1024;
  return kib < 1024 ? fmt::format("{:g} KiB", kib) : fmt::format("{:g} MiB", kib / 1024);
}

void matrix(Svg& svg, double x, double width, double height, const char* name, const char* colour) {
  svg.rect({x, 0}, width, height, fmt::format("tint-{0} line-{0}", colour));
  svg.text({x + width / 2, height / 2 + 4}, name, fmt::format("small middle fill-{}", colour));
}

/// One head's q, k, v and scores, to scale, with their upper edges on `top`.
void draw_sizes(Svg& svg, double left, double top, int seq) {
  const auto sizes = footprint({.q_len = seq, .kv_len = seq, .head_dim = kHeadDim});
  const auto group = svg.group({left, top}, fmt::format("sequence of {}", seq));
  const double side = kPixels * seq, width = kPixels * kHeadDim;
  const char* const names[] = {"q", "k", "v"};
  for (int i = 0; i < 3; ++i) matrix(svg, width * i, width, side, names[i], "blue");
  matrix(svg, 3 * width + 10, side, side, seq > kHeadDim ? "scores" : "", "orange");
  svg.text({0, side + 22}, fmt::format("length {}", seq), "bold");
  svg.text({0, side + 40}, fmt::format("q, k, v {}", size_of(sizes.inputs)), "small fill-blue");
  svg.text({0, side + 57}, fmt::format("scores {}", size_of(sizes.scores)), "small fill-orange");
}

constexpr int kQueries = 4, kKeys = 7;
constexpr double kCell = 21;

/// The weights that masks alone make of scores that are all alike: a square's area is its weight.
void draw_weights(Svg& svg, double left, double top, const std::string& name, const std::string& detail,
                  const Masks& masks) {
  const auto group = svg.group({left, top}, name);
  const Tensor weights = softmax(apply_masks(Tensor({1, 1, kQueries, kKeys}), masks));
  svg.text({0, 0}, name, "small bold");
  for (int i = 0; i < kQueries; ++i)
    for (int j = 0; j < kKeys; ++j) {
      const double x = kCell * j, y = 12 + kCell * i;
      const double side = (kCell - 2) * std::sqrt(static_cast<double>(weights.at(0, 0, i, j)));
      svg.rect({x, y}, kCell, kCell, side > 0 ? "line-faint thin" : "tint-muted line-faint thin");
      if (side > 0) svg.rect({x + (kCell - side) / 2, y + (kCell - side) / 2}, side, side, "fill-orange");
    }
  svg.text({0, 12 + kCell * kQueries + 18}, detail, "small mono fill-muted");
}

Tensor distances() {
  Tensor bias({kQueries, kKeys});
  for (int i = 0; i < kQueries; ++i)
    for (int j = 0; j < kKeys; ++j) bias.at(i, j) = -0.5f * static_cast<float>(std::abs(i + kKeys - kQueries - j));
  return bias;
}

void draw_masks(Svg& svg, double top) {
  const TensorOf<bool> padding({1, kKeys}, {false, true, true, true, true, true, true});
  const double pitch = kCell * kKeys + 41;
  draw_weights(svg, kMargin, top, "causal", "", {.mask = Mask::causal});
  draw_weights(svg, kMargin + pitch, top, "allowed: not the padding", "[1, kv_len]", {.allowed = padding});
  draw_weights(svg, kMargin + 2 * pitch, top, "bias: the distance", "[q_len, kv_len]", {.bias = distances()});
  draw_weights(svg, kMargin + 3 * pitch, top, "all three", "",
               {.mask = Mask::causal, .allowed = padding, .bias = distances()});
}

}  // namespace

int main() {
  Svg svg(
      kWidth, kHeight, "What unfused attention holds, and what masks do",
      "Above, to scale, the matrices q, k, v and scores of one head with 128 channels. At length 128 the scores are "
      "as large as q alone; at 384 as large as q, k and v together; at 1024 they are 2.7 times as large. Below, the "
      "weights that four queries give to seven keys if all scores are alike: under a causal mask aligned at the "
      "end, with the first key padding, with a bias against distance, and under all three.");
  svg.text({kMargin, 28}, "One head with 128 channels, drawn to scale", "bold");
  draw_sizes(svg, kMargin, 48, 128);
  draw_sizes(svg, kMargin + 168, 48, 384);
  draw_sizes(svg, kMargin + 400, 48, 1024);
  svg.text({kMargin, 352}, "4 queries, the last of 7 positions: equal scores, and what masks make of them", "bold");
  draw_masks(svg, 382);
  svg.text({kMargin, kHeight - 18}, "A square's area is the weight; each row of weights adds up to 1. Grey: hidden.",
           "small fill-muted");
  std::cout << svg.str();
}
