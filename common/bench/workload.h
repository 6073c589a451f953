#pragma once
/// What can be measured, by name: workloads, the layers that are run on them, and the sweeps.

#include <string>
#include <vector>

#include "attention_layer.h"

namespace workbook::bench {

using attention_layer::Config;
using attention_layer::Extents;
using attention_layer::Formula;

/// A shape and the layers that make sense for it.
struct Workload {
  std::string name;
  std::string family;  ///< workloads of one plot; empty: the only one
  double x = 0;        ///< its place in the plot
  Extents extents;     ///< kv_heads: of the grouped-query layer
  bool projections = true;
  std::vector<std::string> layers;
  std::int64_t scale = 1;  ///< so many times fewer heads, and channels of x, than its model has
  std::string summary = {};
};

/// A layer by its name: "grouped-query".
struct Layer {
  std::string name;
  attention_layer::Projections projections;
  Formula formula;
  Mask mask;
};

const std::vector<Layer>& all_layers();
const std::vector<Workload>& all_workloads();

/// @throws std::invalid_argument naming those that there are
const Layer& layer_named(const std::string& name);

/// Those whose name it is, or whose family; "all".
/// @throws std::invalid_argument naming those that there are
std::vector<Workload> workloads_named(const std::string& name);

/// The workload at the lengths 512 to 8192 (`seq`), or at the widths 4096 to 16384 (`hidden`).
/// @throws std::invalid_argument for another kind of sweep, or a width of a workload that has none
std::vector<Workload> sweep(const Workload& base, const std::string& kind);

/// So many times fewer heads; head_dim, n_rep where there are heads enough, batch and lengths stay.
/// @throws std::invalid_argument if the heads cannot be divided so
Workload scaled(Workload workload, std::int64_t scale);

/// What a worker is told to run.
Config config_of(const Workload& workload, const Layer& layer, int threads);

/// "a, b, c": for messages.
std::string join(const std::vector<std::string>& names);

}  // namespace workbook::bench
