#include "common/bench/summary.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "common/bench/reference.h"
#include "common/oracle/attention.h"
#include "common/tensor/random.h"

namespace workbook::bench {

namespace {

/// What is tried. kv_heads, lengths and head_dim differ from the plain case by one thing at a time.
struct Probe {
  const char* name;
  std::int64_t heads = 4, kv_heads = 4, q_len = 37, kv_len = 37, head_dim = 32;
  Mask mask = Mask::causal;
  bool allowed = false, bias = false;
};

constexpr Probe kProbes[] = {
    {.name = "causal mask"},
    {.name = "no mask", .mask = Mask::none},
    {.name = "boolean mask", .mask = Mask::none, .allowed = true},
    {.name = "bias", .mask = Mask::none, .bias = true},
    {.name = "fewer KV heads", .kv_heads = 2},
    {.name = "q_len 1", .q_len = 1},
    {.name = "head_dim 56", .head_dim = 56},
    {.name = "head_dim 128", .head_dim = 128},
    {.name = "head_dim 256", .head_dim = 256},
};

Masks masks_of(const Probe& p, Random& random) {
  Masks masks{.mask = p.mask};
  if (p.allowed) {
    masks.allowed = TensorOf<bool>({p.q_len, p.kv_len}, true);
    for (bool& seen : masks.allowed->values()) seen = random.uniform() < 0.7;
    for (std::int64_t i = 0; i < p.q_len; ++i) masks.allowed->at(i, i) = true;
  }
  if (p.bias) masks.bias = random.normal({p.q_len, p.kv_len});
  return masks;
}

/// Softmax attention by its definition, with masks and bias.
Tensor64 defined(const Tensor& q, const Tensor& k, const Tensor& v, const Masks& masks) {
  const std::int64_t n_rep = q.dim(1) / k.dim(1), shift = k.dim(2) - q.dim(2);
  Tensor64 out({q.dim(0), q.dim(1), q.dim(2), v.dim(3)});
  for (std::int64_t h = 0; h < q.dim(1); ++h)
    for (std::int64_t i = 0; i < q.dim(2); ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < k.dim(2); ++j) {
        if ((masks.mask == Mask::causal && j > i + shift) || (masks.allowed && !masks.allowed->at(i, j))) continue;
        double score = 0;
        for (std::int64_t d = 0; d < q.dim(3); ++d) score += double{q.at(0, h, i, d)} * k.at(0, h / n_rep, j, d);
        score = score / std::sqrt(static_cast<double>(q.dim(3))) + (masks.bias ? masks.bias->at(i, j) : 0);
        const double weight = std::exp(score);
        sum += weight;
        for (std::int64_t d = 0; d < v.dim(3); ++d) out.at(0, h, i, d) += weight * v.at(0, h / n_rep, j, d);
      }
      for (double& x : out.row(0, h, i)) x /= sum;
    }
  return out;
}

Config config_of(const Probe& p) {
  return {.extents = {1, p.q_len, p.kv_len, 1, p.heads, p.kv_heads, p.head_dim}, .mask = p.mask};
}

/// "yes", or why not; "yes, 1 query" from a backend that takes no more than one. A source that a probe has ended
/// answers no more and is dropped, and so is one on a device after an error that is no refusal: an illegal access
/// leaves the process's context unusable.
std::string found(std::unique_ptr<Source>& source, const Backend& backend, Probe p) try {
  const bool takes_all = source->takes(backend, config_of(p));
  if (!takes_all) p.q_len = 1;
  if (!source->takes(backend, config_of(p))) return "takes no such extents";
  const std::string right = takes_all ? "yes" : "yes, 1 query";
  Random random(1);
  const Tensor q = random.normal({1, p.heads, p.q_len, p.head_dim});
  const Tensor k = random.normal({1, p.kv_heads, p.kv_len, p.head_dim}), v = random.normal(k.shape());
  const Masks masks = masks_of(p, random);
  const Tensor64 expected =
      backend.formula == Formula::softmax
          ? defined(q, k, v, masks)
          : reference_attention(to_double(q), to_double(k), to_double(v), p.mask, backend.formula, 1);
  const Tensor got = source->attend(backend, q, k, v, masks);
  const double limit = error_limit(config_of(p), expected, backend.dtypes.front());
  return compare(to_double(got), expected, {limit, 0, ""}).ok() ? right : "wrong result";
} catch (const std::domain_error& refusal) {
  return refusal.what();
} catch (const Stopped& stopped) {
  source.reset();
  return std::string(spoken(stopped.verdict));
} catch (const std::exception& thrown) {
  if (backend.device != "cpu") source.reset();
  return thrown.what();
}

/// Whether it is the baseline of its type: "unfused", "unfused float16".
bool is_unfused(const Case& c) { return base_name(c) == (c.dtype == "float32" ? "unfused" : "unfused " + c.dtype); }

const char* spoken_formula(Formula formula) {
  return formula == Formula::softmax ? "softmax" : formula == Formula::linear ? "linear" : "softmax-feature";
}

}  // namespace

Summary summarize(const std::vector<Case>& cases) {
  Summary summary;
  std::map<std::pair<std::string, std::string>, const Case*> best;
  for (const Case& c : cases) {
    const bool has_baseline = std::ranges::any_of(cases, [&](const Case& other) {
      return other.workload == c.workload && other.layer == c.layer && is_unfused(other) && other.dtype == c.dtype &&
             other.measured();
    });
    if (!c.measured() || !has_baseline || is_unfused(c)) continue;
    ++summary.cases;
    const Case*& fastest = best[{c.workload, c.layer}];
    if (!fastest || c.median_s < fastest->median_s) fastest = &c;
  }
  double logarithms = 0;
  std::map<std::string, int> wins;
  for (const auto& [key, c] : best) {
    logarithms += std::log(c->speedup);
    ++wins[c->backend];
    if (!(c->speedup <= summary.largest_speedup)) {
      summary.largest_speedup = c->speedup;
      summary.largest_of = c->layer + " on " + c->workload + ", " + c->backend;
    }
    if (!known(c->memory_saved)) continue;  // a peer's
    if (!(c->memory_saved >= summary.least_saved)) summary.least_saved = c->memory_saved;
    if (!(c->memory_saved <= summary.most_saved)) summary.most_saved = c->memory_saved;
  }
  summary.groups = static_cast<int>(best.size());
  if (best.empty()) return summary;
  summary.average_speedup = std::exp(logarithms / static_cast<double>(best.size()));
  const auto winner =
      std::ranges::max_element(wins, {}, [](const auto& backend_and_count) { return backend_and_count.second; });
  summary.best_backend = winner->first;
  summary.best_count = winner->second;
  return summary;
}

std::vector<Capability> probe_capabilities(const Options& options, const std::vector<Offer>& offers) {
  std::vector<Capability> all;
  std::map<std::size_t, std::unique_ptr<Source>> sources;  // of each origin: a worker on a GPU takes a second to start
  for (const Offer& offer : offers) {
    if (!offer.planner->attends()) continue;
    // A whole layer takes no q, k and v; a training step takes more.
    if (offer.backend.formula == Formula::latent || offer.backend.formula == Formula::training) continue;
    const Origin& origin = options.origins[offer.origin];
    Capability one{
        row_name(options, offer), origin.lesson, offer.backend.device, spoken_formula(offer.backend.formula), {}};
    for (const Probe& probe : kProbes) {
      auto& source = sources[offer.origin];
      if (!source) source = origin.open({.cpu_seconds = 200, .wall_seconds = 20});  // of all its probes together
      one.takes.emplace_back(probe.name, found(source, offer.backend, probe));
    }
    one.takes.emplace_back("dtype", join(offer.backend.dtypes));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace workbook::bench
