#include "common/bench/workload.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace workbook::bench {

namespace {

using attention_layer::Projections;

template <class Items>
[[noreturn]] void throw_unknown(const char* what, const std::string& found, const Items& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.name);
  throw std::invalid_argument(std::string("expected ") + what + ": " + join(names) + "; found " + found);
}

const std::vector<std::string> kModelLayers = {"multi-head",    "self-attention", "cross-attention",
                                               "grouped-query", "multi-query",    "latent"};

Workload model(const char* name, const Extents& extents, const char* summary) {
  return {.name = name, .family = "", .extents = extents, .layers = kModelLayers, .summary = summary};
}

/// The backend seed's: one head as wide as the model, and the same channels in heads of 64.
Workload backend(std::int64_t batch, std::int64_t seq, std::int64_t d_model) {
  return {.name = "backend_" + std::to_string(seq),
          .family = "backend",
          .x = static_cast<double>(seq),
          .extents = {batch, seq, seq, d_model, d_model / 64, d_model / 64, 64},
          .projections = false,
          .layers = {"single-head", "multi-head"},
          .summary = "attention alone, causal, heads of 64 and one head of all channels"};
}

Workload core(const char* name, const Extents& extents, std::vector<std::string> layers, const char* summary) {
  return {.name = name,
          .family = "core",
          .x = static_cast<double>(extents.kv_len),
          .extents = extents,
          .projections = false,
          .layers = std::move(layers),
          .summary = summary};
}

std::vector<Workload> make_workloads() {
  const std::vector<std::string> core_layers = {"multi-head", "full", "linear", "softmax-feature", "training"};
  Workload seed = model("seed_layer", {4, 1024, 1024, 512, 16, 4, 32}, "whole layers on x [4, 1024, 512], 16 heads");
  seed.layers.insert(seed.layers.end(), {"linear", "softmax-feature"});
  Workload tiny = model("tiny", {2, 48, 48, 48, 6, 2, 8}, "a moment's work, to try the benchmark itself");
  tiny.layers = seed.layers;
  tiny.layers.insert(tiny.layers.end(), {"full", "training"});
  return {
      seed,
      backend(16, 128, 512),
      backend(8, 512, 768),
      backend(4, 1024, 1024),
      backend(2, 2048, 1024),
      backend(1, 4096, 1024),
      model("deepseek_v3", {2, 2048, 2048, 7168, 128, 8, 56}, "hidden 7168, 128 heads of 56, 2 sequences of 2048"),
      model("llama3_70b", {1, 4096, 4096, 8192, 64, 8, 128}, "hidden 8192, 64 heads of 128, 8 KV heads, 4096 tokens"),
      model("llama3_405b", {1, 2048, 2048, 16384, 128, 8, 128},
            "hidden 16384, 128 heads of 128, 8 KV heads, 2048 tokens"),
      core("core_d32", {4, 1024, 1024, 1, 16, 16, 32}, core_layers, "attention alone, B4 H16 N1024 d32"),
      core("core_d64", {1, 4096, 4096, 1, 16, 16, 64}, core_layers, "attention alone, B1 H16 N4096 d64"),
      core("core_d128", {2, 2048, 2048, 1, 8, 8, 128}, core_layers, "attention alone, B2 H8 N2048 d128"),
      core("core_gqa", {1, 2048, 2048, 1, 32, 8, 128}, {"grouped-query", "full", "training"},
           "attention alone, 32 heads on 8 KV heads"),
      core("decode_gqa", {8, 1, 8192, 1, 32, 8, 128}, {"grouped-query"},
           "one query of each of 8 sequences, 8192 keys: bound by memory"),
      core("decode_long", {1, 1, 65536, 1, 32, 8, 128}, {"grouped-query"},
           "one query of one sequence, 65536 keys: few blocks, unless the keys are split"),
      tiny,
  };
}

}  // namespace

const std::vector<Layer>& all_layers() {
  static const std::vector<Layer> all = {
      {"multi-head", Projections::separate, Formula::softmax, Mask::causal},
      {"self-attention", Projections::joined, Formula::softmax, Mask::causal},
      {"cross-attention", Projections::cross, Formula::softmax, Mask::none},
      {"grouped-query", Projections::separate, Formula::softmax, Mask::causal},
      {"multi-query", Projections::separate, Formula::softmax, Mask::causal},
      {"latent", Projections::latent, Formula::softmax, Mask::causal},
      {"linear", Projections::separate, Formula::linear, Mask::causal},
      {"softmax-feature", Projections::separate, Formula::softmax_feature, Mask::causal},
      {"single-head", Projections::none, Formula::softmax, Mask::causal},
      {"full", Projections::none, Formula::softmax, Mask::none},
      {"training", Projections::training, Formula::training, Mask::causal},
  };
  return all;
}

const std::vector<Workload>& all_workloads() {
  static const std::vector<Workload> all = make_workloads();
  return all;
}

const Layer& layer_named(const std::string& name) {
  for (const Layer& layer : all_layers())
    if (layer.name == name) return layer;
  throw_unknown("a layer", name, all_layers());
}

std::vector<Workload> workloads_named(const std::string& name) {
  std::vector<Workload> found;
  for (const Workload& workload : all_workloads())
    if (workload.name == name || workload.family == name || (name == "all" && workload.name != "tiny"))
      found.push_back(workload);
  if (found.empty()) throw_unknown("a workload, or all, backend, core", name, all_workloads());
  return found;
}

std::vector<Workload> sweep(const Workload& base, const std::string& kind) {
  if (kind != "seq" && kind != "hidden") throw std::invalid_argument("expected --sweep seq or hidden; found " + kind);
  if (kind == "hidden" && !base.projections)
    throw std::invalid_argument("expected a model with projections for --sweep hidden; found " + base.name);
  std::vector<Workload> points;
  for (const std::int64_t at : kind == "seq" ? std::vector<std::int64_t>{512, 1024, 2048, 4096, 8192}
                                             : std::vector<std::int64_t>{4096, 7168, 8192, 16384}) {
    Workload point = base;
    point.name = base.name + "@" + kind + "=" + std::to_string(at);
    point.family = base.name + ", sweep " + kind;
    point.x = static_cast<double>(at);
    if (kind == "seq")
      point.extents.q_len = point.extents.kv_len = at;
    else
      point.extents.d_model = at, point.extents.heads = at / point.extents.head_dim;
    points.push_back(point);
  }
  return points;
}

Workload scaled(Workload workload, std::int64_t scale) {
  Extents& e = workload.extents;
  const bool divides = scale >= 1 && e.heads % scale == 0 && (!workload.projections || e.d_model % scale == 0);
  if (!divides)
    throw std::invalid_argument("expected a --scale that divides the " + std::to_string(e.heads) + " heads of " +
                                workload.name + "; found " + std::to_string(scale));
  const std::int64_t kv_heads = std::max(e.kv_heads / scale, std::min<std::int64_t>(e.kv_heads, 2));
  e.heads /= scale;
  e.kv_heads = e.heads % kv_heads == 0 ? kv_heads : 1;
  if (workload.projections) e.d_model /= scale;
  workload.scale *= scale;
  return workload;
}

Config config_of(const Workload& workload, const Layer& layer, int threads) {
  const bool as_named = workload.projections || layer.projections == Projections::training;
  Config config{workload.extents, as_named ? layer.projections : Projections::none, layer.mask, threads};
  Extents& e = config.extents;
  if (layer.name == "multi-query") e.kv_heads = 1;
  const bool shares_kv = layer.name == "grouped-query" || layer.name == "full" || layer.name == "training";
  if (layer.name != "multi-query" && !shares_kv) e.kv_heads = e.heads;
  if (layer.name == "single-head") e.head_dim *= e.heads, e.heads = e.kv_heads = 1;
  return config;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace workbook::bench
