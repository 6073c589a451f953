// Draws lessons/07_online_softmax/figure.svg: a row in four chunks, what becomes of its sum, and how often its maximum
// grows.

#include <fmt/format.h>

#include <array>
#include <iostream>

#include "common/figure/svg.h"
#include "common/tensor/random.h"
#include "online_softmax.h"

using namespace workbook;
using namespace workbook::figure;
using online_softmax::Normalizer;

namespace {

constexpr double kWidth = 760, kHeight = 640, kLeft = 40, kColumn = 172;
constexpr std::size_t kChunk = 6, kChunks = 4;
constexpr std::array<float, kChunk * kChunks> kLogits{0.4f, -0.6f, 1.0f, 0.2f,  -0.3f, 0.7f,   //
                                                      0.9f, 1.6f,  0.3f, 2.2f,  1.1f,  -0.2f,  //
                                                      1.2f, 0.1f,  1.8f, -0.5f, 0.6f,  0.9f,   //
                                                      0.5f, 2.0f,  3.0f, 1.4f,  0.2f,  1.7f};
constexpr const char* kColours[kChunks] = {"blue", "orange", "green", "purple"};

std::span<const float> chunk(std::size_t c) { return std::span(kLogits).subspan(c * kChunk, kChunk); }
double column(std::size_t c) { return kLeft + kColumn * static_cast<double>(c); }

/// The logits, and the largest so far.
void draw_row(Svg& svg) {
  const auto y_of = [](double logit) { return 136 - 28 * logit; };
  svg.text({24, 22}, "Logits, chunk by chunk, and their running maximum", "bold");
  svg.line({kLeft, y_of(0)}, {kLeft + 4 * kColumn, y_of(0)}, "line-faint");
  svg.text({kLeft - 8, y_of(0) + 4}, "0", "small end fill-muted");
  Normalizer seen;
  for (std::size_t c = 0; c < kChunks; ++c) {
    const double before = seen.max;
    seen = online_softmax::extend(seen, chunk(c));
    const double left = column(c), right = column(c + 1);
    if (c > 0) svg.line({left, y_of(before)}, {left, y_of(seen.max)}, "line-ink thick");
    svg.line({left, y_of(seen.max)}, {right, y_of(seen.max)}, "line-ink thick");
    svg.text({right - 6, y_of(seen.max) - 6}, fmt::format("m = {:.1f}", seen.max), "small end");
    for (std::size_t j = 0; j < kChunk; ++j)
      svg.circle({left + 22 + 25 * static_cast<double>(j), y_of(chunk(c)[j])}, 5, fmt::format("fill-{}", kColours[c]));
  }
}

/// What each chunk contributes to the sum, before and after the others have come.
void draw_sums(Svg& svg) {
  const double base = 350, unit = 13;
  svg.text({24, 196}, "The sum after each chunk: when the maximum grows, everything before it shrinks", "bold");
  svg.line({kLeft, base}, {kLeft + 4 * kColumn, base}, "line-muted");
  Normalizer seen;
  std::array<double, kChunks> share{};
  double never_rescaled = 0;
  for (std::size_t c = 0; c < kChunks; ++c) {
    const Normalizer part = online_softmax::extend({}, chunk(c)), before = seen;
    seen = online_softmax::merge(seen, part);
    const double factor = std::exp(before.max - seen.max), left = column(c) + 74;
    for (double& s : share) s *= factor;
    share[c] = part.sum * std::exp(part.max - seen.max);
    never_rescaled += share[c];
    double top = base;
    for (std::size_t i = 0; i <= c; ++i) {
      top -= unit * share[i];
      svg.rect({left, top}, 34, unit * share[i], fmt::format("fill-{}", kColours[i]));
    }
    svg.text({left + 17, base + 18}, fmt::format("{:.2f}", seen.sum), "small middle");
    if (c == 0) continue;
    svg.rect({left + 44, base - unit * never_rescaled}, 18, unit * never_rescaled, "line-red dashed");
    svg.text({left + 53, base + 18}, fmt::format("{:.2f}", never_rescaled), "small middle fill-red");
    svg.arrow({column(c) - 30, base - 20}, {left - 8, base - 20}, "line-muted");
    svg.text({(column(c) - 30 + left - 8) / 2, base - 28}, fmt::format("x {:.2f}", factor), "small middle");
  }
  svg.text({kLeft + 4 * kColumn, 222}, "dashed: never rescaled", "small end fill-red");
}

/// How often the maximum has grown after n keys, for a few random rows.
void draw_growth(Svg& svg) {
  constexpr int kRows = 16, kDecades = 6;
  const double left = kLeft, width = 520, base = 600, height = 170;
  const auto x_of = [&](double n) { return left + width * std::log10(n) / kDecades; };
  const auto y_of = [&](double count) { return base - height * count / 20; };
  svg.text({24, 412}, "How often the maximum grows, in rows of random logits", "bold");
  svg.line({left, base}, {left + width, base}, "line-muted");
  for (int decade = 0; decade <= kDecades; decade += 2)
    svg.text({x_of(std::pow(10, decade)), base + 20},
             decade == 0   ? "1 key"
             : decade == 2 ? "100"
             : decade == 4 ? "10 000"
                           : "1 000 000",
             "small middle fill-muted");
  for (const int count : {0, 10, 20}) {
    svg.line({left, y_of(count)}, {left + width, y_of(count)}, "line-faint");
    svg.text({left - 8, y_of(count) + 4}, std::to_string(count), "small end fill-muted");
  }
  Random random(1);
  double total = 0;
  for (int row = 0; row < kRows; ++row) {
    Normalizer seen;
    std::vector<Point> steps;
    int grown = 0;
    const int n = static_cast<int>(std::pow(10, kDecades));
    for (int key = 1; key <= n; ++key) {
      const auto logit = static_cast<float>(random.uniform());
      const Normalizer next = online_softmax::extend(seen, {&logit, 1});
      if (next.max > seen.max) {
        steps.push_back({x_of(key), y_of(grown)});
        steps.push_back({x_of(key), y_of(++grown)});
      }
      seen = next;
    }
    steps.push_back({x_of(n), y_of(grown)});
    svg.polyline(steps, "line-blue thin");
    total += grown;
  }
  svg.line({x_of(1), y_of(0.58)}, {x_of(1e6), y_of(std::log(1e6) + 0.58)}, "line-ink dashed thick");
  svg.text({left + width + 14, y_of(std::log(1e6) + 0.58) + 4}, "ln(n) + 0.58", "small");
  svg.text({left + width + 14, y_of(std::log(1e6) + 0.58) + 26},
           fmt::format("{} rows: {:.1f} times", kRows, total / kRows), "small fill-blue");
  svg.text({left + width + 14, y_of(std::log(1e6) + 0.58) + 42}, "in a million keys", "small fill-blue");
}

}  // namespace

int main() {
  Svg svg(kWidth, kHeight, "A row of logits in four chunks, and what becomes of its sum",
          "Above: the logits of four chunks with their running maximum, which grows in the second and the fourth. "
          "Middle: the sum after each chunk as a stack of what each chunk contributes. Whenever the maximum grows, the "
          "stack so far shrinks by one common factor; without that, the last sum would be more than twice too large. "
          "Below: in rows of a million random logits the maximum grows about 14 times.");
  draw_row(svg);
  draw_sums(svg);
  draw_growth(svg);
  std::cout << svg.str();
}
