#include "common/bench/own_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "common/bench/remote.h"
#include "common/bench/statistics.h"
#include "selector.h"

namespace workbook::bench {

namespace {

selector::Row row_of(const Case& c) {
  return {base_name(c), c.extents, c.causal ? Mask::causal : Mask::none, c.median_s};
}

}  // namespace

std::vector<std::string> predict(std::vector<Case>& cases, const std::string& impl, const std::string& plugin,
                                 const std::string& worker) try {
  if (plugin.empty()) return {"no lesson's time model is built"};
  std::vector<Case*> predicted;
  std::vector<selector::Row> rows;
  for (Case& c : cases) {
    if (!c.measured() || c.impl != impl || c.device != "cpu" || c.dtype != "float32" || !is_attention_alone(c))
      continue;
    predicted.push_back(&c);
    rows.push_back(row_of(c));
  }
  if (rows.empty()) return {};
  Session session(RunOptions{.plugin = plugin, .worker = worker, .limits = {}}, contract_name(selector::contract), 1);
  const auto found = remote_of<selector::contract, selector::calibrate>(session, rows);
  if (found.predicted.size() != rows.size())
    throw std::runtime_error(
        fmt::format("expected predictions of {} rows; found {}", rows.size(), found.predicted.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) predicted[i]->predicted_s = found.predicted[i];
  return found.constants;
} catch (const Stopped& stopped) {
  return {stopped.verdict == Verdict::not_started ? "your time model: " + std::string(stopped.what())
                                                  : "your time model " + std::string(spoken(stopped.verdict))};
} catch (const std::exception& thrown) {
  return {std::string("your time model threw: ") + thrown.what()};
}

Foresight foresight(const std::vector<Case>& cases) {
  std::vector<double> errors;
  std::map<std::tuple<std::string, std::string, std::string>, std::vector<const Case*>> groups;
  for (const Case& c : cases) {
    if (!known(c.predicted_s)) continue;
    errors.push_back(std::abs(c.predicted_s / c.median_s - 1));
    groups[{c.workload, c.layer, c.impl}].push_back(&c);
  }
  Foresight found{.rows = static_cast<int>(errors.size())};
  if (errors.empty()) return found;
  found.median_error = median(errors);
  std::vector<double> regrets;
  for (const auto& [key, members] : groups) {
    if (members.size() < 2) continue;
    const Case& taken = **std::ranges::min_element(members, {}, &Case::predicted_s);
    const Case& fastest = **std::ranges::min_element(members, {}, &Case::median_s);
    ++found.choices;
    found.right += &taken == &fastest;
    regrets.push_back(taken.median_s / fastest.median_s - 1);
    if (regrets.back() <= found.largest_regret) continue;
    found.largest_regret = regrets.back();
    if (&taken != &fastest)
      found.largest_of =
          fmt::format("{} on {}, {} in place of {}", taken.layer, taken.workload, base_name(taken), base_name(fastest));
  }
  if (!regrets.empty()) found.mean_regret = mean(regrets);
  return found;
}

std::vector<std::pair<std::string, std::string>> foresight_lines(const std::vector<Case>& cases) {
  const Foresight f = foresight(cases);
  if (f.rows == 0) return {};
  std::vector<std::pair<std::string, std::string>> lines = {
      {"Error of the model",
       fmt::format("{:.0f} %, the median over {} rows of |predicted / measured - 1|", 100 * f.median_error, f.rows)}};
  if (f.choices > 0)
    lines.emplace_back(
        "Right choices",
        fmt::format("{} of {}, where the model takes the fastest backend; a choice costs {:.1f} % of the "
                    "time on average, and {:.0f} % at most{}",
                    f.right, f.choices, 100 * f.mean_regret, 100 * f.largest_regret,
                    f.largest_of.empty() ? "" : ": " + f.largest_of));
  return lines;
}

}  // namespace workbook::bench
