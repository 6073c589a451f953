#include "common/bench/layers.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "attention_layer.h"
#include "common/bench/reference.h"
#include "common/bench/statistics.h"
#include "common/checker/remote_call.h"
#include "common/tensor/linalg.h"
#include "common/tensor/random.h"

namespace workbook::bench {

namespace {

using attention_layer::Backend;
using attention_layer::Config;
using attention_layer::Weights;
constexpr std::uint64_t kSeed = 1;

/// A layer ready to be called.
struct Layer {
  Weights weights;
  Config config;
  std::unique_ptr<Session> session;
  Tensor result;
};

/// Columns of neighbouring heads averaged: [d_model, heads * head_dim] -> [d_model, kv_heads * head_dim].
Tensor mean_pooled(const Tensor& w, std::int64_t heads, std::int64_t kv_heads) {
  const std::int64_t head_dim = w.dim(1) / heads, n_rep = heads / kv_heads;
  Tensor pooled({w.dim(0), kv_heads * head_dim});
  for (std::int64_t i = 0; i < w.dim(0); ++i)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t d = 0; d < head_dim; ++d)
        pooled.at(i, h / n_rep * head_dim + d) += w.at(i, h * head_dim + d) / static_cast<float>(n_rep);
  return pooled;
}

/// Multiplications and additions of the four projections and of the visible pairs.
double useful_flops(const Workload& w, int kv_heads) {
  const auto tokens = static_cast<double>(w.batch * w.seq), d = static_cast<double>(w.d_model);
  const double projections = 2 * tokens * d * d * (2 + 2.0 * kv_heads / w.heads);
  const double pairs = static_cast<double>(w.batch) * static_cast<double>(w.seq) * static_cast<double>(w.seq + 1) / 2;
  return projections + 4 * pairs * d;
}

std::vector<Case> make_cases(const Workload& w) {
  std::vector<std::pair<const char*, int>> layers;
  for (const auto& layer : {std::pair{"multi-head", w.heads}, {"grouped-query", w.kv_heads}, {"multi-query", 1}})
    if (std::ranges::none_of(layers, [&](const auto& l) { return l.second == layer.second; })) layers.push_back(layer);
  std::vector<Case> cases;
  for (const auto& [layer, kv_heads] : layers)
    for (const Backend backend : {Backend::unfused, Backend::fused, Backend::flash})
      cases.push_back(
          {.layer = layer, .backend = describe(backend), .kv_heads = kv_heads, .flops = useful_flops(w, kv_heads)});
  return cases;
}

Layer make_layer(const Options& options, const Weights& multi_head, const Case& c, Backend backend) {
  const Workload& w = options.workload;
  Layer layer{.weights = multi_head, .config = {w.heads, c.kv_heads, backend, Mask::causal}};
  layer.weights.w_k = mean_pooled(multi_head.w_k, w.heads, c.kv_heads);
  layer.weights.w_v = mean_pooled(multi_head.w_v, w.heads, c.kv_heads);
  layer.session = std::make_unique<Session>(
      options.run, typeid(std::remove_const_t<decltype(attention_layer::contract)>).name(), kSeed);
  return layer;
}

/// Calls the layer once in its worker; its result stays in `layer`.
const Evidence& call(Layer& layer, const Tensor& x) {
  constexpr auto index = decltype(attention_layer::contract)::index_of<attention_layer::forward>();
  layer.result = remote_call<attention_layer::forward, const Tensor&, const Weights&, const Config&>(
      *layer.session, index, 1, x, layer.weights, layer.config);
  return layer.session->last_call().counts();
}

/// The error of float against double grows with the root of the longest sum, times the size of the result.
double error_limit(const Workload& w, const Tensor64& expected) {
  double largest = 0;
  for (const double value : expected.values()) largest = std::max(largest, std::abs(value));
  return 64 * kUnitRoundoff * std::sqrt(static_cast<double>(w.d_model + w.seq)) * largest;
}

Tensor64 expected_result(const Workload& w, const Tensor& x, const Layer& layer) {
  const oracle::LayerWeights weights{to_double(layer.weights.w_q), to_double(layer.weights.w_k),
                                     to_double(layer.weights.w_v), to_double(layer.weights.w_o)};
  return reference_layer(to_double(x), weights, w.heads, layer.config.kv_heads);
}

void verify(const Workload& w, const Layer& layer, const Tensor64& expected, const Tensor64& baseline, Case& out) {
  out.error_limit = error_limit(w, expected);
  const Comparison found = compare(to_double(layer.result), expected, {out.error_limit, 0, "rounding of float"});
  out.verified = found.ok();
  out.max_error = found.worst_error;
  if (!out.verified) out.problem = explain(found, {out.error_limit, 0, "rounding of float"});
  double squares = 0, sum = 0;
  for (std::int64_t i = 0; i < layer.result.size(); ++i) {
    const double difference = double{layer.result.data()[i]} - baseline.data()[i];
    squares += difference * difference;
    sum += layer.result.data()[i];
  }
  out.mse = squares / static_cast<double>(layer.result.size());
  out.mean_result = sum / static_cast<double>(layer.result.size());
}

}  // namespace

std::vector<Case> measure_layers(const Options& options, const Progress& progress, const std::atomic<bool>& stop) {
  check_reference();
  const Workload& w = options.workload;
  Random random(kSeed);
  const Tensor x = random.normal({w.batch, w.seq, w.d_model});
  const float stddev = 1 / std::sqrt(static_cast<float>(w.d_model));
  const Shape square{w.d_model, w.d_model};
  const Weights multi_head{random.normal(square, stddev), random.normal(square, stddev), random.normal(square, stddev),
                           random.normal(square, stddev)};
  std::vector<Case> cases = make_cases(w);
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < cases.size(); ++i)
    layers.push_back(make_layer(options, multi_head, cases[i], static_cast<Backend>(i % 3)));

  int done = 0;
  const int total = static_cast<int>(cases.size()) * (1 + options.warmup + options.num_runs);
  Tensor64 expected, baseline;
  for (std::size_t i = 0; i < cases.size() && !stop; ++i) {
    progress("verifying " + cases[i].layer + ", " + cases[i].backend, done++, total);
    if (i % 3 == 0) expected = expected_result(w, x, layers[i]);  // the backends of a layer must agree
    if (i == 0) baseline = expected;
    try {
      const Evidence& seen = call(layers[i], x);
      cases[i].peak_bytes = seen.heap_peak + seen.stack + seen.static_data;
      cases[i].workspace_bytes = seen.workspace();
      verify(w, layers[i], expected, baseline, cases[i]);
    } catch (const Stopped& stopped) {
      cases[i].problem = std::string(spoken(stopped.verdict)) + ": " + stopped.what();
    } catch (const std::exception& thrown) {
      cases[i].problem = std::string("threw: ") + thrown.what();
    }
  }
  // In turn, so that whatever else the machine does meets every layer alike.
  for (int run = -options.warmup; run < options.num_runs && !stop; ++run)
    for (std::size_t i = 0; i < cases.size() && !stop; ++i) {
      progress((run < 0 ? "warming up " : "timing ") + cases[i].layer + ", " + cases[i].backend, done++, total);
      if (!cases[i].verified) continue;
      const double seconds = call(layers[i], x).seconds.at(0);
      if (run >= 0) cases[i].seconds.push_back(seconds);
    }
  return cases;
}

double matmul_gflops() {
  Random random(kSeed);
  const std::int64_t n = 1024;
  const Tensor a = random.normal({n, n}), b = random.normal({n, n});
  Tensor c({n, n});
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    matmul(a.matrix(), b.matrix(), c.matrix());
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2e-9 * static_cast<double>(n * n * n) / elapsed.count());
  }
  return best;
}

}  // namespace workbook::bench
