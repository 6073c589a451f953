#include <algorithm>
#include <set>
#include <stdexcept>

#include "common/bench/cost.h"
#include "common/bench/engine.h"
#include "common/tensor/compare.h"

namespace workbook::bench {

namespace {

bool wanted(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::ranges::find(names, name) != names.end();
}

void require_known(const char* option, const std::vector<std::string>& wanted_names,
                   const std::set<std::string>& there) {
  for (const std::string& name : wanted_names)
    if (!there.contains(name))
      throw std::invalid_argument(std::string("expected ") + option + " of " + join({there.begin(), there.end()}) +
                                  "; found " + name);
}

/// Every wanted layer must be one of some wanted workload; `there` has the layers of those.
void require_layers(const std::vector<std::string>& wanted_names, const std::set<std::string>& there) {
  for (const std::string& name : wanted_names) {
    if (there.contains(layer_named(name).name)) continue;
    std::vector<std::string> having;
    for (const Workload& workload : all_workloads())
      if (std::ranges::find(workload.layers, name) != workload.layers.end()) having.push_back(workload.name);
    throw std::invalid_argument("no workload that was asked for has the layer " + name + "; expected --models of " +
                                join(having));
  }
}

/// Drops ladders that were not asked for. Of one lesson, drops the others' offers but for the yardstick.
void keep_asked_for(std::vector<Offer>& offers, const Options& options) {
  std::erase_if(offers, [&](const Offer& offer) {
    const Origin& origin = options.origins[offer.origin];
    if (options.lesson.empty())
      return offer.backend.ladder && !std::ranges::count(options.backends, offer.backend.name);
    const bool of_lesson = origin.lesson == options.lesson || origin.impl.empty();  // or of a peer
    return !of_lesson && offer.backend.name != kYardstick;
  });
}

/// Drops the offers of other types. No type: all may stay.
void keep_dtype(std::vector<Offer>& offers, const Options& options) {
  if (options.dtype.empty()) return;
  std::set<std::string> there;
  for (const Offer& offer : offers) there.insert(offer.backend.dtypes.begin(), offer.backend.dtypes.end());
  if (!there.contains(options.dtype))
    throw std::invalid_argument("expected --dtype of " + join({there.begin(), there.end()}) + " on device " +
                                options.device + "; found " + options.dtype);
  std::erase_if(offers, [&](const Offer& offer) { return !std::ranges::count(offer.backend.dtypes, options.dtype); });
}

/// Says which workloads the offers have layers of, if they have none of those that were asked for.
[[noreturn]] void throw_nothing_to_run(const Options& options, const std::vector<Offer>& offers) {
  std::vector<std::string> asked_for, having;
  for (const Workload& workload : options.workloads) asked_for.push_back(workload.name);
  for (const Workload& workload : all_workloads())
    if (std::ranges::any_of(workload.layers, [&](const std::string& name) {
          return std::ranges::any_of(offers, [&](const Offer& o) { return computes(o, workload, layer_named(name)); });
        }))
      having.push_back(workload.name);
  const std::string layers = options.layers.empty() ? "a layer" : join(options.layers);
  throw std::invalid_argument("no lesson here offers a backend " +
                              (options.dtype.empty() ? "" : "in " + options.dtype + " ") + "for " + layers + " of " +
                              join(asked_for) + "; expected --models of " + join(having));
}

/// Some workload must have a layer that some wanted backend computes.
void require_something_to_run(const Options& options, const std::vector<Offer>& offers) {
  std::set<std::string> layers, backends;
  for (const Workload& workload : options.workloads)
    for (const std::string& name : workload.layers) {
      layers.insert(name);
      if (!wanted(options.layers, name)) continue;
      for (const Offer& offer : offers)
        if (computes(offer, workload, layer_named(name))) backends.insert(offer.backend.name);
    }
  require_layers(options.layers, layers);
  if (backends.empty()) throw_nothing_to_run(options, offers);
  require_known("--backends for these layers", options.backends, backends);
}

}  // namespace

std::string row_name(const Options& options, const Offer& offer) {
  const std::string &name = offer.backend.name, &dtype = offer.backend.dtypes.front();
  const std::string& impl = options.origins[offer.origin].impl;
  const bool by_several = std::ranges::any_of(
      options.origins, [&](const Origin& o) { return !o.impl.empty() && !impl.empty() && o.impl != impl; });
  return name + (dtype == "float32" || name.ends_with(dtype) ? "" : " " + dtype) +
         (by_several ? " (" + impl + ")" : "");
}

std::vector<Offer> find_offers(const Options& options, std::vector<std::string>* remarks) {
  std::vector<Offer> offers;
  std::set<std::string> devices;
  for (std::size_t origin = 0; origin < options.origins.size(); ++origin) {
    const std::shared_ptr<Source> planner = options.origins[origin].open({});
    for (const Backend& backend : planner->backends()) {
      devices.insert(backend.device);
      if (backend.device == options.device) offers.push_back({origin, backend, planner});
    }
    const std::string remark = planner->remark(options.device);
    if (remarks && !remark.empty()) remarks->push_back(options.origins[origin].lesson + ": " + remark);
  }
  if (devices.empty()) throw std::invalid_argument("no lesson here can be measured: none of their plugins is built");
  require_known("--device", {options.device}, devices);
  keep_asked_for(offers, options);
  keep_dtype(offers, options);
  require_something_to_run(options, offers);
  std::erase_if(offers, [&](const Offer& offer) { return !wanted(options.backends, offer.backend.name); });
  return offers;
}

bool computes(const Offer& offer, const Workload& workload, const Layer& layer) {
  const Backend& backend = offer.backend;
  const bool is_latent = workload.projections && layer.projections == attention_layer::Projections::latent;
  if (is_latent && backend.device != "cpu") return false;  // keys and values are expanded on the CPU
  const bool fits = backend.formula == Formula::latent ? is_latent : backend.formula == layer.formula;
  return fits && offer.planner->takes(backend, config_of(workload, layer, 1));
}

std::int64_t case_estimate(const Offer& offer, const std::vector<Offer>& offers, const Workload& workload,
                           const Layer& layer, int threads) {
  constexpr std::int64_t kProcess = std::int64_t{300} << 20;  // a worker with the buffer of its bandwidth bursts
  const Config config = config_of(workload, layer, threads);
  std::set<std::size_t> origins, converting;  // those with a copy of keys and values in 16 bits
  for (const Offer& other : offers) {
    if (!computes(other, workload, layer)) continue;
    origins.insert(other.origin);
    if (bytes_of(other.backend.dtypes.front()) < 4) converting.insert(other.origin);
  }
  const auto workers = static_cast<std::int64_t>(origins.size()), copies = static_cast<std::int64_t>(converting.size());
  const Extents& e = config.extents;
  const std::int64_t unpromised =  // as unfused attention
      4 * e.batch * e.heads * (3 * e.q_len * e.kv_len + 2 * (e.q_len + e.kv_len) * e.head_dim);
  const std::int64_t core = offer.planner->core_workspace(offer.backend, config).value_or(unpromised);
  // The result is there up to four times: in the worker, as bytes on both sides, and as it was received. Expected
  // result and baseline stay; what the reference takes besides is free again before the workers start.
  const std::int64_t running = workers * (input_bytes(config) + kProcess) + copies * input_bytes(config) / 2 +
                               peak_estimate(config, core) + 6 * result_bytes(config);
  return std::max(running, reference_bytes(config) + result_bytes(config));
}

void fit_to_memory(Options& options, const std::vector<Offer>& offers) {
  for (Workload& workload : options.workloads) {
    const auto fits = [&](const Workload& w) {
      for (const std::string& name : w.layers)
        for (const Offer& offer : offers)
          if (wanted(options.layers, name) && computes(offer, w, layer_named(name)) &&
              case_estimate(offer, offers, w, layer_named(name), options.threads) > options.memory)
            return false;
      return true;
    };
    for (std::int64_t scale = 1;; scale *= 2) try {
        const Workload smaller = scaled(workload, scale);
        if (!fits(smaller)) continue;
        workload = smaller;
        break;
      } catch (const std::invalid_argument&) {
        break;  // it cannot be divided further
      }
  }
}

bool is_here(const std::string& device) { return device != "cuda" || machine_has_gpu(); }

double error_limit(const Config& config, const Tensor64& expected, const std::string& dtype) {
  double largest = 0;
  for (const double value : expected.values()) largest = std::max(largest, std::abs(value));
  const Extents& e = config.extents;
  const bool training = config.projections == attention_layer::Projections::training;
  const std::int64_t summed = training ? std::max(e.kv_len, e.q_len * (e.heads / e.kv_heads)) : e.kv_len;
  const auto longest = static_cast<double>(summed + std::max(e.d_model, e.head_dim));
  const double rounded = dtype == "float16" ? 0x1p-11 : dtype == "bfloat16" ? 0x1p-8 : 0;
  // q, k, v, weights and result are rounded, in a whole layer also what is projected: each moves the result by less
  // than one unit, since those of a sum's terms cancel; eight together are twice what all of them were found to do.
  return (64 * kUnitRoundoff * std::sqrt(longest) + 8 * rounded) * largest;
}

void compare_with_ceilings(std::vector<Case>& cases, Machine& machine, const Ceilings& ceilings) {
  if (ceilings.best(Ceiling::arithmetic) > 0) machine.peak_gflops = 1e-9 * ceilings.best(Ceiling::arithmetic);
  if (ceilings.best(Ceiling::bandwidth) > 0) machine.bandwidth_gbs = 1e-9 * ceilings.best(Ceiling::bandwidth);
  for (Case& c : cases) {
    // The peak is float32's. On a CPU bfloat16 is the type of keys and values alone, and arithmetic is in float32.
    if (!c.measured() || (c.dtype != "float32" && c.device != "cpu")) continue;
    c.share_of_peak = c.gflops / machine.peak_gflops;
    c.share_of_roof = c.gflops / std::min(machine.peak_gflops, c.intensity * machine.bandwidth_gbs);
  }
}

}  // namespace workbook::bench
