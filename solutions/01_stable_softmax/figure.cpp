// Draws lessons/01_stable_softmax/figure.svg: where a float's exponential ends, and what that does to a row.

#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <numeric>
#include <vector>

#include "common/figure/svg.h"
#include "stable_softmax.h"

using namespace workbook;
using namespace workbook::figure;

namespace {

constexpr double kWidth = 760, kHeight = 482;

/// Whether the textbook formula gets the softmax of the single logit x right: it is 1, or inf / inf, or 0 / 0.
bool survives(float x) { return stable_softmax::naive_softmax(Tensor({1, 1}, {x})).at(0, 0) == 1; }

/// The last float from `good`, which survives, towards `bad`, which does not, that still survives.
float last_survivor(float good, float bad) {
  for (float middle = std::midpoint(good, bad); middle != good && middle != bad; middle = std::midpoint(good, bad))
    (survives(middle) ? good : bad) = middle;
  return good;
}

// The upper half: exp over the logits, on a logarithmic scale.
double x_of(double logit) { return 390 + 2.9 * logit; }
double y_of(double logit) { return 140 - 0.98 * logit; }  // the logarithm of exp is a straight line

void draw_row(Svg& svg, std::span<const float> row, float last, const char* colour) {
  for (const float logit : row) {
    const bool infinite = logit > last;
    svg.circle({x_of(logit), infinite ? 42 : y_of(logit)}, 4.5,
               fmt::format("{}-{} line-{}", infinite ? "tint" : "fill", colour, colour));
  }
}

void draw_range(Svg& svg) {
  const float last = last_survivor(0, 1000), first = last_survivor(0, -1000);
  const double top = 32, height = 218, bottom = top + height;
  svg.rect({x_of(last), top}, kWidth - 24 - x_of(last), height, "tint-red");
  svg.rect({24, top}, x_of(first) - 24, height, "tint-red");
  svg.text({x_of(last) + 8, bottom - 10}, "exp = inf", "small fill-red");
  svg.text({32, bottom - 10}, "exp = 0", "small fill-red");
  svg.line({24, bottom}, {kWidth - 24, bottom}, "line-muted");
  svg.line({24, y_of(0)}, {kWidth - 24, y_of(0)}, "line-faint");
  svg.line({x_of(first), y_of(first)}, {x_of(last), y_of(last)}, "line-ink");
  svg.text({x_of(-84), y_of(-84) + 19}, "exp(x), logarithmic scale", "small fill-muted", 18.7);
  svg.text({x_of(-98), y_of(0) - 6}, "exp = 1", "small fill-muted");
  for (const float logit : {first, 0.f, last}) {
    svg.line({x_of(logit), bottom}, {x_of(logit), bottom + 5}, "line-muted");
    svg.text({x_of(logit), bottom + 20}, fmt::format("{:.4g}", logit), "small middle fill-muted");
  }
  svg.text({x_of(45), bottom + 20}, "logit x", "small middle fill-muted");

  const float row[] = {78, 84, 90, 96, 102};
  std::vector<float> shifted(std::begin(row), std::end(row));
  for (float& logit : shifted) logit -= row[4];
  draw_row(svg, row, last, "orange");
  draw_row(svg, shifted, last, "blue");
  svg.text({x_of(74), 48}, "a row", "small end fill-orange");
  svg.text({x_of(-4), y_of(0) - 10}, "the same row less its maximum", "small end fill-blue");
  svg.arrow({x_of(76), y_of(66)}, {x_of(8), y_of(66)}, "line-blue");
  svg.text({x_of(40), y_of(66) - 7}, "x - m", "small middle fill-blue");
}

// The lower half: the weights of one row at three heights, by both formulas.
void draw_weights(Svg& svg, double left, const Tensor& weights, const char* colour, const char* name) {
  const double base = 115, full = 80;
  for (std::int64_t j = 0; j < weights.dim(1); ++j) {
    const float weight = weights.at(0, j);
    const double x = left + 32 * static_cast<double>(j);
    if (std::isnan(weight)) {
      svg.text({x + 13, base - 6}, "NaN", "small bold middle fill-red");
    } else {
      svg.rect({x, base - full * weight}, 26, full * weight, fmt::format("fill-{}", colour));
      svg.text({x + 13, base - full * weight - 6}, fmt::format("{:.2g}", weight), "small middle");
    }
  }
  svg.line({left - 3, base}, {left + 93, base}, "line-muted");
  svg.text({left + 45, base + 18}, name, "small middle mono");
}

void draw_rows(Svg& svg) {
  for (const int lowest : {1, 87, 1001}) {
    const Tensor row({1, 3}, {float(lowest), float(lowest + 1), float(lowest + 2)});
    const auto column = svg.group({lowest == 1 ? 34.0 : lowest == 87 ? 274.0 : 514.0, 330}, "one row");
    svg.text({102, 14}, fmt::format("logits {}, {}, {}", lowest, lowest + 1, lowest + 2), "bold middle");
    draw_weights(svg, 0, stable_softmax::naive_softmax(row), "orange", "naive_softmax");
    draw_weights(svg, 114, stable_softmax::softmax(row), "blue", "softmax");
  }
}

}  // namespace

int main() {
  Svg svg(
      kWidth, kHeight, "The exponential of a logit, and the softmax of three logits, in float",
      "Above: exp(x) is infinite above 88.72 and zero below -104. A row of logits around 90 reaches into the infinite "
      "part; less its maximum it lies between 0 and 1. Below: the weights of logits 1, 2, 3, of 87, 88, 89 and of "
      "1001, 1002, 1003. The naive softmax gives 0, 0, NaN for the second row and NaN for the third; the shifted one "
      "gives 0.09, 0.24, 0.67 for all three.");
  svg.text({24, 22}, "What a float holds of exp(x)", "bold");
  draw_range(svg);
  svg.text({24, 312}, "The same three logits, higher and higher", "bold");
  draw_rows(svg);
  std::cout << svg.str();
}
