// Draws lessons/03_multi_head/figure.svg: where the numbers of three heads lie, split, reshaped, and in place.

#include <fmt/format.h>

#include <iostream>
#include <numeric>

#include "common/figure/svg.h"
#include "multi_head.h"

using namespace workbook;
using namespace workbook::figure;

namespace {

constexpr double kWidth = 760, kHeight = 370, kMargin = 24, kCell = 27, kGap = 14;
constexpr int kTokens = 4, kHeads = 3, kHeadDim = 2, kChannels = kHeads * kHeadDim;
constexpr const char* kColours[] = {"blue", "orange", "green"};
constexpr int kShown = 1;  // the head that stands out

/// A number of x, by its place in memory, in its head's colour.
void cell(Svg& svg, Point corner, double width, float place) {
  const int head = static_cast<int>(place) % kChannels / kHeadDim;
  const char* colour = kColours[head];
  svg.rect(corner, width, kCell, fmt::format("{}-{} line-paper thin", head == kShown ? "fill" : "tint", colour));
  svg.text({corner.x + width / 2, corner.y + kCell / 2 + 4.5}, fmt::format("{:.0f}", place),
           head == kShown ? "small middle fill-paper" : fmt::format("small middle fill-{}", colour));
}

void draw_matrix(Svg& svg, Point corner, ConstView matrix) {
  for (int i = 0; i < matrix.rows(); ++i)
    for (int j = 0; j < matrix.cols(); ++j)
      cell(svg, {corner.x + kCell * j, corner.y + kCell * i}, kCell, matrix(i, j));
}

/// [1, seq, width].
void draw_projection(Svg& svg, double top, const Tensor& x) {
  const auto group = svg.group({kMargin, top}, "x");
  svg.text({0, 0}, "x", "bold");
  svg.text({0, 18}, "[seq, width]", "small mono fill-muted");
  draw_matrix(svg, {0, 28}, x.matrix(0));
  for (int h = 0; h < kHeads; ++h)
    svg.text({kCell * kHeadDim * (h + 0.5), 28 + kCell * kTokens + 17}, fmt::format("head {}", h),
             "small middle fill-muted");
}

/// [1, heads, seq, head_dim], one matrix beside the other.
void draw_heads(Svg& svg, double left, double top, const Tensor& heads, const char* name, const char* colour) {
  const auto group = svg.group({left, top}, name);
  svg.text({0, 0}, name, fmt::format("bold fill-{}", colour));
  svg.text({0, 18}, "[heads, seq, head_dim]", "small mono fill-muted");
  const double pitch = kCell * kHeadDim + kGap;
  for (int h = 0; h < kHeads; ++h) {
    draw_matrix(svg, {pitch * h, 28}, heads.matrix(0, h));
    svg.text({pitch * h + kCell, 28 + kCell * kTokens + 17}, fmt::format("head {}", h), "small middle fill-muted");
  }
}

void draw_memory(Svg& svg, double top, const Tensor& x, const char* name) {
  const auto group = svg.group({kMargin, top}, name);
  const double width = (kWidth - 2 * kMargin) / static_cast<double>(x.size());
  svg.text({0, -8}, name, "small");
  for (int n = 0; n < x.size(); ++n) cell(svg, {width * n, 0}, width, x.data()[n]);
}

}  // namespace

int main() {
  Tensor x({1, kTokens, kChannels});
  std::iota(x.values().begin(), x.values().end(), 0.f);
  const Tensor split = multi_head::split_heads(x, kHeads);
  const Tensor reshaped = x.reshaped(split.shape());

  Svg svg(
      kWidth, kHeight, "Three heads in one matrix",
      "A matrix of 4 tokens by 6 channels, its numbers counted as they lie in memory. Head 1 is channels 2 and 3 of "
      "every row. Split into heads, it is a matrix of its own: 2 3, 8 9, 14 15, 20 21. After a mere reshape, head 1 "
      "holds 8 to 15: all channels of other tokens. In memory, head 1 is 2 numbers of every 6 before the split, and "
      "8 in a row after it.");
  draw_projection(svg, 34, x);
  draw_heads(svg, kMargin + 234, 34, split, "split_heads", "ink");
  draw_heads(svg, kMargin + 492, 34, reshaped, "a reshape", "red");
  draw_memory(svg, 242, x, "x in memory, row after row: head 1 is 2 numbers, then 4 steps over the others");
  draw_memory(svg, 318, split, "after split_heads: head 1 is 8 numbers in a row, and each was copied there");
  std::cout << svg.str();
}
