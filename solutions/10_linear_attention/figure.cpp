// Draws lessons/10_linear_attention/figure.svg: what a chunk computes and what it remembers, memory and time against
// the length of the sequence, and how much weight a needle gets.

#include <fmt/format.h>

#include <iostream>
#include <vector>

#include "common/figure/svg.h"
#include "common/oracle/attention.h"
#include "common/tensor/random.h"
#include "linear_attention.h"

using namespace workbook;
using namespace workbook::figure;
using linear_attention::FeatureMap;
using linear_attention::Form;
using linear_attention::Problem;

namespace {

constexpr double kWidth = 760, kHeight = 676, kLeft = 62, kRight = 444, kPlot = 236;
constexpr int kHeadDim = 64, kChunk = 64;

/// Milliseconds of one causal head with 64 channels on one core, the fastest of many runs. The same cases are in
/// `./workbook bench --layers multi-head,linear --models core_d64 --heads 1 --sweep seq`; its scores are `per-head`.
struct Times {
  int seq;
  double scores, cumulative_sum, running_state, chunked;
};
constexpr Times kTimes[] = {
    {256, 0.295, 0.426, 0.133, 0.087}, {512, 1.11, 0.931, 0.257, 0.164}, {1024, 4.94, 1.89, 0.508, 0.342},
    {2048, 19.4, 6.99, 1.05, 0.743},   {4096, 117, 45.7, 2.17, 1.46},    {8192, 407, 112, 4.45, 3.07},
};

/// The mean weight that a query gives to the one key it wants: it is 4 times that key.
struct Needle {
  double softmax_attention, elu_plus_one, softmax_features;
};

Needle needle(int keys) {
  constexpr std::int64_t kHeads = 64, kDim = 32;
  Random random(static_cast<std::uint64_t>(keys));
  const Tensor k = random.normal({1, kHeads, keys, kDim});
  Tensor q({1, kHeads, 1, kDim}), v(k.shape());
  for (std::int64_t h = 0; h < kHeads; ++h) {
    for (std::int64_t c = 0; c < kDim; ++c) q.at(0, h, 0, c) = 4 * k.at(0, h, 0, c);
    v.at(0, h, 0, 0) = 1;
  }
  const auto mean = [](const auto& out) {
    double sum = 0;
    for (std::int64_t h = 0; h < kHeads; ++h) sum += double{out.at(0, h, 0, 0)};
    return sum / kHeads;
  };
  return {mean(oracle::attention(q, k, v)),
          mean(linear_attention::noncausal_attention(q, k, v, FeatureMap::elu_plus_one)),
          mean(linear_attention::noncausal_attention(q, k, v, FeatureMap::softmax))};
}

/// The causal matrix of one head in chunks: pairs inside the present chunk, a state for those before.
void draw_chunks(Svg& svg) {
  const auto group = svg.group({kLeft, 66}, "chunks");
  constexpr int kChunks = 5, kNow = 3;
  constexpr double kSide = 210, kBlock = kSide / kChunks;
  svg.text({-38, -42}, "A chunk meets its past as a state,", "bold");
  svg.text({-38, -24}, "itself pair by pair", "bold");
  svg.text({kSide / 2, -6}, "keys", "small middle fill-muted");
  for (int i = 0; i < kChunks; ++i)
    svg.path(fmt::format("M{0},{0} L{1},{1} L{0},{1} Z", i * kBlock, (i + 1) * kBlock),
             i == kNow  ? "fill-orange"
             : i < kNow ? "tint-orange line-orange thin"
                        : "line-muted thin");
  svg.rect({0, kNow * kBlock}, kNow * kBlock, kBlock, "tint-blue line-blue");
  svg.text({kNow * kBlock / 2, (kNow + 0.5) * kBlock + 5}, "one state", "middle fill-blue");
  svg.path(fmt::format("M0,{0} L0,0 L{0},{0}", kNow * kBlock), "line-muted thin dashed");
  svg.text({8, 2.75 * kBlock}, "in the state", "small fill-muted");
  svg.line({0, 0}, {0, kSide}, "line-muted");
  svg.line({0, kSide}, {kSide, kSide}, "line-muted");
  svg.text({-24, 56}, "queries", "small middle fill-muted", 90);
  svg.text({-10, (kNow + 0.5) * kBlock + 5}, "now", "small end");
  svg.text({1.9 * kBlock, 0.8 * kBlock}, "later keys: never", "small fill-muted");
}

/// A plot with both axes logarithmic.
struct Plot {
  Svg& svg;
  double x_low, x_high, y_low, y_high;

  Point at(double x, double y) const {
    return {kPlot * std::log2(x / x_low) / std::log2(x_high / x_low),
            kPlot * (1 - std::log2(y / y_low) / std::log2(y_high / y_low))};
  }
  void curve(const std::vector<std::pair<double, double>>& values, std::string_view colour) const {
    std::vector<Point> points;
    for (const auto& [x, y] : values) points.push_back(at(x, y));
    svg.polyline(points, fmt::format("line-{} thick", colour));
    for (const Point& p : points) svg.circle(p, 3, fmt::format("fill-{}", colour));
  }
  void y_line(double y, std::string_view label) const {
    svg.line({0, at(x_low, y).y}, {kPlot, at(x_low, y).y}, "line-faint");
    svg.text({-6, at(x_low, y).y + 4}, label, "small end fill-muted");
  }
  void x_label(double x, std::string_view label) const {
    svg.text({at(x, y_low).x, kPlot + 18}, label, "small middle fill-muted");
  }
  /// A name at the right end of a curve.
  void name(double y, std::string_view words, std::string_view colour, double shift = 0) const {
    svg.text({kPlot - 6, at(x_high, y).y + shift}, words, fmt::format("small end fill-{}", colour));
  }
};

void draw_needle(Svg& svg) {
  const auto group = svg.group({kRight, 66}, "needle");
  svg.text({-38, -42}, "What it cannot do: the weight of the one", "bold");
  svg.text({-38, -24}, "key that a query wants, among n keys", "bold");
  const Plot plot{svg, 16, 4096, 1.0 / 4096, 1};
  for (const auto& [y, label] : {std::pair{1.0, "1"}, {0.1, "0.1"}, {0.01, "0.01"}, {0.001, "0.001"}})
    plot.y_line(y, label);
  std::vector<std::pair<double, double>> softmax, elu, features;
  for (const int keys : {16, 64, 256, 1024, 4096}) {
    const Needle weight = needle(keys);
    softmax.emplace_back(keys, weight.softmax_attention);
    elu.emplace_back(keys, weight.elu_plus_one);
    features.emplace_back(keys, weight.softmax_features);
    plot.x_label(keys, fmt::format("{}", keys));
  }
  svg.line(plot.at(16, 1.0 / 16), plot.at(4096, 1.0 / 4096), "line-muted dashed");
  plot.curve(softmax, "orange");
  plot.curve(features, "purple");
  plot.curve(elu, "blue");
  plot.name(softmax.back().second, "softmax attention", "orange", 22);
  svg.text({plot.at(90, 1).x, plot.at(90, 0.11).y}, "softmax features", "small fill-purple");
  svg.text({plot.at(20, 1).x, plot.at(20, 0.012).y}, "elu + 1", "small fill-blue");
  svg.text({plot.at(20, 1).x, plot.at(20, 0.004).y}, "dashed: 1 / n", "small fill-muted");
}

void draw_memory(Svg& svg) {
  const auto group = svg.group({kLeft, 384}, "memory");
  svg.text({-38, -22}, "Memory held by one head, bytes", "bold");
  const Plot plot{svg, 256, 8192, 1 << 13, 1 << 28};
  for (const auto& [y, label] :
       {std::pair{1 << 14, "16 Ki"}, {1 << 18, "256 Ki"}, {1 << 22, "4 Mi"}, {1 << 26, "64 Mi"}})
    plot.y_line(y, label);
  const auto draw = [&](Form form, std::string_view colour) {
    std::vector<std::pair<double, double>> line;
    for (const Times& times : kTimes) {
      const Problem problem{.seq = times.seq, .head_dim = kHeadDim, .value_dim = kHeadDim, .chunk = kChunk};
      line.emplace_back(times.seq, linear_attention::held_bytes(form, problem));
      if (form == Form::scores) plot.x_label(times.seq, fmt::format("{}", times.seq));
    }
    plot.curve(line, colour);
    return line.back().second;
  };
  draw(Form::cumulative_sum, "purple");
  draw(Form::scores, "orange");
  plot.name(draw(Form::chunked, "green"), "chunks of 64", "green", -9);
  plot.name(draw(Form::running_state, "blue"), "running state", "blue", 19);
  svg.text({plot.at(290, 1).x, plot.at(290, 26e6).y}, "cumulative sum", "small fill-purple");
  svg.text({plot.at(640, 1).x, plot.at(640, 700e3).y}, "scores", "small fill-orange");
}

void draw_time(Svg& svg) {
  const auto group = svg.group({kRight, 384}, "time");
  svg.text({-38, -22}, "Time of one head, milliseconds", "bold");
  const Plot plot{svg, 256, 8192, 0.0625, 1024};
  for (const auto& [y, label] : {std::pair{0.1, "0.1"}, {1.0, "1"}, {10.0, "10"}, {100.0, "100"}, {1000.0, "1000"}})
    plot.y_line(y, label);
  const auto draw = [&](double Times::*of, std::string_view colour) {
    std::vector<std::pair<double, double>> line;
    for (const Times& times : kTimes) line.emplace_back(times.seq, times.*of);
    plot.curve(line, colour);
  };
  for (const Times& times : kTimes) plot.x_label(times.seq, fmt::format("{}", times.seq));
  draw(&Times::scores, "orange");
  draw(&Times::cumulative_sum, "purple");
  draw(&Times::running_state, "blue");
  draw(&Times::chunked, "green");
  svg.text({plot.at(900, 1).x, plot.at(900, 60).y}, "scores", "small fill-orange");
  plot.name(kTimes[5].cumulative_sum, "cumulative sum", "purple", 60);
  plot.name(kTimes[5].running_state, "running state", "blue", 54);
  plot.name(kTimes[5].chunked, "chunks of 64", "green", 66);
}

}  // namespace

int main() {
  Svg svg(kWidth, kHeight, "Linear attention: what a chunk computes, what it costs, and what it cannot do",
          "Above left, the causal matrix of a head in chunks: the pairs of the present chunk are computed, all chunks "
          "before it are one state. Above right, the weight of the one key that a query wants: softmax attention finds "
          "it among 4096 keys, linear attention gives it hardly more than its share. Below, memory and time of one "
          "head against the length of the sequence: scores grow with the square, the cumulative sum starts above them "
          "and grows linearly, running state and chunks need the same memory at any length and time in proportion.");
  draw_chunks(svg);
  draw_needle(svg);
  draw_memory(svg);
  draw_time(svg);
  svg.text({24, kHeight - 12},
           "Over tokens of the sequence; 64 channels, causal, both axes logarithmic. Times: one core.",
           "small fill-muted");
  std::cout << svg.str();
}
