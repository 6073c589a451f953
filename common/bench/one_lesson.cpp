#include "common/bench/one_lesson.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <thread>

namespace workbook::bench {

namespace {

/// Attention alone by the three masks and groupings that matter, or what else the backends compute.
std::vector<std::string> layers_of(const std::vector<Backend>& backends) {
  std::vector<std::string> layers;
  for (const char* name : {"multi-head", "full", "grouped-query", "latent", "linear", "softmax-feature", "training"}) {
    const Formula formula = name == std::string("latent") ? Formula::latent : layer_named(name).formula;
    if (std::ranges::count(backends, formula, &Backend::formula) > 0) layers.push_back(name);
  }
  return layers;
}

}  // namespace

std::vector<Origin> origins_of_lesson(const std::vector<Origin>& all, const std::string& number) {
  const std::string prefix = (number.size() == 1 ? "0" : "") + number + "_";
  std::vector<Origin> chosen;
  std::set<std::string> there;
  for (const Origin& origin : all) {
    there.insert(origin.lesson.substr(0, 2));
    if (origin.lesson.starts_with(prefix)) chosen.push_back(origin);
  }
  if (chosen.empty())
    throw std::invalid_argument("expected the number of a lesson that joins the benchmark: " +
                                join({there.begin(), there.end()}) + "; found " + number);
  const Origin* yardstick = nullptr;
  for (const Origin& origin : all)
    if (origin.lesson == kYardstickLesson && (!yardstick || origin.impl == "solution")) yardstick = &origin;
  if (yardstick && chosen.front().lesson != kYardstickLesson) chosen.push_back(*yardstick);
  return chosen;
}

RunCommand completed(RunCommand c, const std::vector<Origin>& origins) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const bool one_lesson = !c.lesson.empty() && c.lesson != kMine;
  if (c.threads == 0) c.threads = one_lesson ? cores : 1;
  if (c.num_runs == 0) c.num_runs = c.lesson == kMine ? 6 : one_lesson ? 3 : 5;  // of 6, a rank interval is 95 % sure
  if (c.device.empty()) c.device = "cpu";
  if (c.lesson == kMine && c.models.empty() && c.sweep.empty())
    c.models = c.device == "cpu" ? std::vector<std::string>{"seed_layer", "backend", "core_d32", "decode_gqa"}
                                 : std::vector<std::string>{"core_d64", "decode_gqa"};
  if (c.calibrate && c.models.empty() && c.sweep.empty()) {
    c.models = {"backend", "core_d32", "core_d64", "core_d128", "core_gqa"};
    if (c.layers.empty()) c.layers = {"single-head", "multi-head", "grouped-query", "full"};
  }
  if (!one_lesson) return c;
  const std::vector<Backend> own = origins.front().open({})->backends();
  if (std::ranges::count(own, c.device, &Backend::device) == 0 && !own.empty()) c.device = own.front().device;
  if (!c.models.empty() || !c.sweep.empty()) return c;
  const std::vector<std::string> layers = layers_of(own);
  if (layers == std::vector<std::string>{"latent"})
    c.models = {"seed_layer"};
  else
    c.models = {"core_d64", "decode_gqa"};
  if (c.layers.empty()) c.layers = layers;
  return c;
}

void restrict_to_lesson(Options& options) {
  options.lesson = options.origins.front().lesson;
  for (std::size_t i = 0; i < options.origins.size(); ++i)
    if (options.origins[i].lesson == kYardstickLesson)
      options.baseline = row_name(options, {.origin = i, .backend = {.name = kYardstick}, .planner = nullptr});
}

}  // namespace workbook::bench
