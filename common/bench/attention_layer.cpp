#include "attention_layer.h"

#include <algorithm>
#include <chrono>

#include "common/bench/backend.h"
#include "common/bench/burst.h"
#include "common/bench/inputs.h"
#include "common/bench/product.h"
#include "common/bench/projection.h"
#include "common/bench/sharing.h"

namespace workbook::attention_layer {

namespace {

const std::vector<Implementation>& all_implementations() {
  static const std::vector<Implementation> all = implementations();
  return all;
}

const Implementation& find(const Backend& backend) {
  for (const Implementation& one : all_implementations())
    if (one.about.name == backend.name && one.about.formula == backend.formula && one.about.dtypes == backend.dtypes)
      return one;
  throw std::invalid_argument("no backend " + backend.name + " here");
}

TensorOf<bfloat16> to_bfloat16(const Tensor& x) {
  TensorOf<bfloat16> rounded(x.shape());
  std::ranges::transform(x.values(), rounded.data(), [](float value) { return bfloat16(value); });
  return rounded;
}

/// Without a copy.
std::vector<Tensor> listed(Trained trained) {
  std::vector<Tensor> all;
  for (Tensor* one : {&trained.output, &trained.dq, &trained.dk, &trained.dv}) all.push_back(std::move(*one));
  return all;
}

std::vector<Tensor> listed(Tensor one) {
  std::vector<Tensor> all;
  all.push_back(std::move(one));
  return all;
}

Tensor beside(const Tensor& a, const Tensor& b, const Tensor& c) {
  Tensor all({a.dim(0), a.dim(1) + b.dim(1) + c.dim(1)});
  columns(all.matrix(), 0, a.dim(1)) = a.matrix();
  columns(all.matrix(), a.dim(1), b.dim(1)) = b.matrix();
  columns(all.matrix(), a.dim(1) + b.dim(1), c.dim(1)) = c.matrix();
  return all;
}

/// Of the attention itself.
Extents core_extents(const Config& config) {
  Extents e = config.extents;
  if (config.projections == Projections::latent) e.head_dim += latent_shape(e).rope_dim;
  return e;
}

Tensor attended(const Implementation& backend, const std::vector<Tensor>& inputs, const Weights& weights,
                const Config& config) {
  const Extents& e = config.extents;
  const auto heads_of = [&](const Tensor& x, const Tensor& w, std::int64_t heads) {
    return bench::split_heads(bench::project(x, w, config.threads), e.batch, 0, heads, e.head_dim);
  };
  if (config.projections == Projections::none) return bench::attend(backend, inputs[0], inputs[1], inputs[2], config);
  if (config.projections == Projections::latent) {
    const bench::Expanded all = bench::expand_latent(inputs[0], weights, config);
    return bench::first_channels(bench::attend(backend, all.q, all.k, all.v, config), e.head_dim);
  }
  if (config.projections == Projections::joined) {
    const std::int64_t width = e.heads * e.head_dim, kv_width = e.kv_heads * e.head_dim;
    const Tensor all = bench::project(inputs[0], weights.at(Input::w_qkv), config.threads);
    const auto part = [&](std::int64_t first, std::int64_t heads) {
      return bench::split_heads(all, e.batch, first, heads, e.head_dim);
    };
    return bench::attend(backend, part(0, e.heads), part(width, e.kv_heads), part(width + kv_width, e.kv_heads),
                         config);
  }
  const Tensor& memory = inputs.back();
  return bench::attend(backend, heads_of(inputs[0], weights.at(Input::w_q), e.heads),
                       heads_of(memory, weights.at(Input::w_k), e.kv_heads),
                       heads_of(memory, weights.at(Input::w_v), e.kv_heads), config);
}

}  // namespace

Runner::Runner(Config config) : config_(config) {
  if (!weights_of(config.projections).empty()) bench::multiplier();  // is loaded before any clock starts
  for (const Input input : inputs_of(config.projections)) inputs_.push_back(make(input, config.extents));
  for (const Input input : weights_of(config.projections)) weights_.emplace(input, make(input, config.extents));
  if (config.projections == Projections::joined) {
    weights_.emplace(Input::w_qkv, beside(weights_.at(Input::w_q), weights_.at(Input::w_k), weights_.at(Input::w_v)));
    for (const Input separate : {Input::w_q, Input::w_k, Input::w_v}) weights_.erase(separate);
  }
  const bool converts = std::ranges::any_of(all_implementations(), [](const auto& one) { return one.attend_bfloat16; });
  if (converts && config.projections == Projections::none)
    for (std::size_t input : {1, 2}) bfloat16_kv_.push_back(to_bfloat16(inputs_[input]));
}

std::vector<Tensor> Runner::forward(const Backend& backend) {
  const Implementation& implementation = find(backend);
  if (implementation.attend_bfloat16)
    return listed(bench::attend(implementation, inputs_[0], bfloat16_kv_.at(0), bfloat16_kv_.at(1), config_));
  if (implementation.layer) return listed(implementation.layer({inputs_.front(), weights_, config_.extents}));
  if (implementation.train) return listed(bench::train(implementation, inputs_, config_));
  Tensor heads = attended(implementation, inputs_, weights_, config_);
  if (config_.projections == Projections::none) return listed(std::move(heads));
  heads = bench::merge_heads(heads);
  return listed(bench::project(heads, weights_.at(weights_of(config_.projections).back()), config_.threads)
                    .reshaped(inputs_.front().shape()));
}

Sample Runner::measure(const Backend& backend, Ceiling ceiling) {
  Sample sample{.before = bench::burst(ceiling, config_.threads)};
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Tensor> result = forward(backend);
  sample.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  sample.after = bench::burst(ceiling, config_.threads);
  return sample;
}

std::string multiplier() { return bench::multiplier(); }

double rate(Ceiling ceiling, int threads) { return bench::burst(ceiling, threads); }

std::vector<Backend> backends() {
  std::vector<Backend> all;
  for (const Implementation& one : implementations()) all.push_back(one.about);
  return all;
}

bool takes(const Backend& backend, const Config& config) {
  const Implementation& implementation = find(backend);
  if (implementation.attend_bfloat16 && config.projections != Projections::none) return false;
  return !implementation.takes || implementation.takes(core_extents(config));
}

std::int64_t core_workspace(const Backend& backend, const Config& config) {
  return find(backend).workspace(core_extents(config));
}

Tensor attend(const Backend& backend, const Tensor& q, const Tensor& k, const Tensor& v, const Masks& masks) {
  const Implementation& implementation = find(backend);
  if (implementation.attend_bfloat16) return implementation.attend_bfloat16({q, to_bfloat16(k), to_bfloat16(v), masks});
  if (!implementation.attend) throw std::domain_error("only as a whole layer, or in training");
  return implementation.attend({q, k, v, masks});
}

}  // namespace workbook::attention_layer
