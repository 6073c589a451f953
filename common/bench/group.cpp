#include "common/bench/group.h"

#include <algorithm>

#include "common/bench/cost.h"
#include "common/bench/inputs.h"

namespace workbook::bench {

namespace {

Group make_group(const Options& options, const std::vector<Offer>& offers, const Workload& workload,
                 const Layer& layer) {
  Group group{workload, layer, config_of(workload, layer, options.threads), {}, 0};
  const double flops = useful_flops(group.config, layer.formula);
  for (const Offer& offer : offers) {
    if (!computes(offer, workload, layer)) continue;
    Running running{.offer = offer, .flops = flops, .guess_s = flops / (2e10 * options.threads)};
    running.calls_left = 1 + options.warmup + options.num_runs;
    Case& row = running.row;
    row.workload = workload.name, row.family = workload.family, row.x = workload.x, row.scale = workload.scale;
    row.layer = layer.name, row.backend = row_name(options, offer), row.device = offer.backend.device;
    row.dtype = offer.backend.dtypes.front();
    row.lesson = options.origins[offer.origin].lesson, row.impl = options.origins[offer.origin].impl;
    row.causal = layer.mask == Mask::causal;
    row.extents = group.config.extents;
    if (attention_layer::weights_of(group.config.projections).empty()) row.extents.d_model = 1;  // attention alone
    if (const auto core = offer.planner->core_workspace(offer.backend, group.config))
      row.estimate_bytes = static_cast<double>(peak_estimate(group.config, *core));
    group.cases.push_back(std::move(running));
  }
  group.reference_s = flops / 3e10;
  return group;
}

}  // namespace

std::vector<Group> make_groups(const Options& options, const std::vector<Offer>& offers) {
  std::vector<Group> groups;
  for (const Workload& workload : options.workloads)
    for (const std::string& name : workload.layers) {
      if (!options.layers.empty() && std::ranges::find(options.layers, name) == options.layers.end()) continue;
      Group group = make_group(options, offers, workload, layer_named(name));
      if (!group.cases.empty()) groups.push_back(std::move(group));
    }
  return groups;
}

}  // namespace workbook::bench
