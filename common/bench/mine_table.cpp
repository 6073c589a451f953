#include "common/bench/mine_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/bench/own_model.h"

namespace workbook::bench {

namespace {

/// Whose rows these are: the solution's, if there are no others.
std::string owner_of(const std::vector<Case>& cases) {
  return std::ranges::count(cases, "mine", &Case::impl) > 0 ? "mine" : "solution";
}

/// The same layer and backend by the model solution; null if it was not measured.
const Case* solution_of(const std::vector<Case>& cases, const Case& c) {
  for (const Case& other : cases)
    if (other.impl == "solution" && other.measured() && other.workload == c.workload && other.layer == c.layer &&
        base_name(other) == base_name(c) && other.dtype == c.dtype)
      return &other;
  return nullptr;
}

/// "2.13x [2.10, 2.16] faster": against the row of that name.
std::string rival_text(const Case& c, const std::string& name) {
  for (const Rival& rival : c.own.rivals)
    if (rival.name == name)
      return fmt::format("{:.2f}x [{:.2f}, {:.2f}] {}", rival.speedup, rival.low, rival.high, rival.outcome);
  return "";
}

/// The rows that are compared have a name of their own: the unfused backend's.
std::string against_unfused(const Case& c) {
  if (base_name(c) == "unfused") return "";
  const std::string compared = rival_text(c, "unfused" + (c.impl.empty() ? "" : " (" + c.impl + ")"));
  return !compared.empty() || !known(c.speedup) ? compared : fmt::format("{:.2f}x", c.speedup);
}

std::string time_text(const Case& c) {
  const std::string median = (c.noisy ? "~" : "") + seconds_text(c.median_s);
  if (!known(c.own.low_s)) return median;
  if (!(c.own.high_s < 1e9)) return median + ", too few runs";
  return fmt::format("{} [{}, {}]", median, seconds_text(c.own.low_s), seconds_text(c.own.high_s));
}

std::string remarks(const Case& c) {
  std::vector<std::string> all;
  if (c.own.drifts) all.push_back(fmt::format("drifts by {:+.1f} % a run", 100 * c.own.drift));
  if (c.own.outliers > 0) all.push_back(fmt::format("{} outlier{}", c.own.outliers, c.own.outliers == 1 ? "" : "s"));
  return join(all);
}

std::string in_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? "; " : std::string(1, c);
  return line;
}

std::string percent(double share) { return known(share) ? fmt::format("{:.0f} %", 100 * share) : ""; }

std::vector<std::string> cells_of(const std::vector<Case>& cases, const Case& c) {
  const Case* const solution = c.impl == "mine" ? solution_of(cases, c) : nullptr;
  return {c.layer,
          base_name(c),
          time_text(c),
          against_unfused(c),
          solution ? seconds_text(solution->median_s) : "",
          solution ? rival_text(c, solution->backend) : "",
          percent(c.share_of_peak),
          percent(c.share_of_roof),
          c.own.limit,
          bytes_text(c.workspace_bytes),
          percent(c.memory_saved),
          known(c.max_error) ? fmt::format("{:.1e}", c.max_error) : "",
          remarks(c)};
}

/// The largest value of those that are somebody's own, and where: "72 %, flash, multi-head on core_d64".
template <class Value>
std::string largest(const std::vector<Document>& documents, const Value& value, const char* format) {
  const Case* best = nullptr;
  for (const Document& document : documents)
    for (const Case& c : document.cases)
      if (c.impl == owner_of(document.cases) && c.measured() && known(value(c)) && (!best || value(c) > value(*best)))
        best = &c;
  if (!best) return "";
  return fmt::format(fmt::runtime(format), value(*best)) +
         fmt::format(", {} for {} on {}", base_name(*best), best->layer, best->workload);
}

/// The geometric mean of the solution's time by the own one, over all cases that both have.
std::string beside_solutions(const std::vector<Document>& documents) {
  double logarithms = 0;
  int cases = 0;
  for (const Document& document : documents)
    for (const Case& c : document.cases) {
      const Case* const solution = c.impl == "mine" && c.measured() ? solution_of(document.cases, c) : nullptr;
      if (!solution) continue;
      logarithms += std::log(solution->median_s / c.median_s);
      ++cases;
    }
  if (cases == 0) return "";
  return fmt::format("{:.2f}x, the geometric mean of the solution's time by yours over {} case{}",
                     std::exp(logarithms / cases), cases, cases == 1 ? "" : "s");
}

std::string passed(const std::vector<Document>& documents) {
  for (const Document& document : documents) {
    if (document.board.empty()) continue;
    int points = 0, max_points = 0;
    for (const BoardLine& line : document.board) points += line.points, max_points += line.max_points;
    return fmt::format("{} of {}, with {} of {} points",
                       std::ranges::count(document.board, "passed", &BoardLine::verdict), document.board.size(), points,
                       max_points);
  }
  return "";
}

bool has_own(const std::vector<Case>& cases, std::size_t first, std::size_t last) {
  const std::string owner = owner_of(cases);
  return std::any_of(cases.begin() + static_cast<std::ptrdiff_t>(first),
                     cases.begin() + static_cast<std::ptrdiff_t>(last), [&](const Case& c) { return c.impl == owner; });
}

Rows board_rows(const std::vector<BoardLine>& board) {
  Rows rows{{"lesson", "title", "verdict", "points"}};
  for (const BoardLine& line : board)
    rows.push_back(
        {line.lesson.substr(0, 2), line.title, line.verdict, fmt::format("{} of {}", line.points, line.max_points)});
  return rows;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> own_legend() {
  return {{"yours",
           "median, and the interval in which it lies with 95 % confidence, by your own median_interval; ~: "
           "noisy, the machine was not at its best between enough runs"},
          {"against unfused", "how many times as fast as your own unfused attention, by your own compare"},
          {"solution", "the model solution's median, measured in the same rounds"},
          {"against it", "how many times as fast as the solution; \"undecided\" if the interval holds 1"},
          {"peak", "share of the measured rate of fused multiply-adds"},
          {"roof", "share of what the measured roofline allows at that intensity"},
          {"limit", "what bounds it, by your own roofline; for attention alone"},
          {"workspace", "most memory alive at once, beyond inputs, weights and result"},
          {"saved", "share of the workspace of unfused attention"},
          {"error", "largest difference to the reference in double"},
          {"remarks", "by your own find_drift and find_outliers"}};
}

Rows own_rows(const std::vector<Case>& cases, std::size_t first, std::size_t last) {
  Rows rows{{"layer", "backend", "yours", "against unfused", "solution", "against it", "peak", "roof", "limit",
             "workspace", "saved", "error", "remarks"}};
  const std::string owner = owner_of(cases);
  for (std::size_t i = first; i < last; ++i) {
    const Case& c = cases[i];
    if (c.impl != owner && !c.impl.empty()) continue;
    const std::string why = in_one_line(excuse(c));
    rows.push_back(why.empty() ? cells_of(cases, c) : std::vector{c.layer, base_name(c), why});
  }
  return rows;
}

std::vector<std::pair<std::string, std::string>> own_summary(const std::vector<Document>& documents) {
  std::vector<std::pair<std::string, std::string>> lines;
  const auto add = [&](const char* name, const std::string& line) {
    if (!line.empty()) lines.emplace_back(name, line);
  };
  add("Lessons passed", passed(documents));
  add("Largest speedup", largest(
                             documents, [](const Case& c) { return c.speedup; }, "{:.2f}x"));
  add("Best share of peak", largest(
                                documents, [](const Case& c) { return 100 * c.share_of_peak; }, "{:.0f} %"));
  add("Beside the solutions", beside_solutions(documents));
  for (const Document& document : documents)
    std::ranges::copy(foresight_lines(document.cases), std::back_inserter(lines));
  return lines;
}

std::string mine_as_text(const std::vector<Document>& documents) {
  std::string text;
  for (const Document& document : documents) {
    text += fmt::format("  {}; {}\n", machine_text(document.machine), types_text(document.cases));
    for (const std::string& note : document.notes) text += "  " + note + "\n";
    for_each_workload(document.cases, [&](std::size_t first, std::size_t last) {
      if (!has_own(document.cases, first, last)) return;
      text += "\n  " + title_of(document.cases[first]) + "\n";
      text += aligned(own_rows(document.cases, first, last), 2);
    });
    if (const Rows rows = prediction_rows(document.cases); rows.size() > 1)
      text += fmt::format("\n  {}\n", kPredictionsTitle) + aligned(rows, 3);
    for (const std::string& line : document.model) text += "  " + line + "\n";
    if (const Rows rows = count_rows(document.cases); !rows.empty())
      text += fmt::format("\n  {}\n", kCountsTitle) + aligned(rows, 2);
    text += "\n";
  }
  for (const auto& [name, meaning] : own_legend()) text += fmt::format("  {:<16} {}\n", name, meaning);
  for (const auto& [name, line] : own_summary(documents)) text += fmt::format("\n  {:<20} {}", name, line);
  return text + "\n";
}

std::string mine_as_markdown(const std::vector<Document>& documents) {
  std::string text = "# Attention, by my own code\n\n";
  for (const auto& [name, line] : own_summary(documents)) text += fmt::format("- **{}**: {}\n", name, line);
  for (const Document& document : documents) {
    text += fmt::format("\n    {}\n\n{}; {}\n", document.machine.command, machine_text(document.machine),
                        types_text(document.cases));
    for (const std::string& note : document.notes) text += "\n" + note + "\n";
    for_each_workload(document.cases, [&](std::size_t first, std::size_t last) {
      if (!has_own(document.cases, first, last)) return;
      text += "\n## " + title_of(document.cases[first]) + "\n\n" + piped(own_rows(document.cases, first, last), 2);
    });
    if (const Rows rows = prediction_rows(document.cases); rows.size() > 1)
      text += fmt::format("\n## {}\n\n", kPredictionsTitle) + piped(rows, 3);
    for (const std::string& line : document.model) text += "\n- " + line;
    text += document.model.empty() ? "" : "\n";
    if (const Rows rows = count_rows(document.cases); !rows.empty())
      text += fmt::format("\n## {}\n\n", kCountsTitle) + piped(rows, 2);
    if (!document.board.empty()) text += "\n## Lessons\n\n" + piped(board_rows(document.board), 3);
  }
  text += "\n## What the columns mean\n\n";
  for (const auto& [name, meaning] : own_legend()) text += fmt::format("- **{}**: {}\n", name, meaning);
  return text;
}

}  // namespace workbook::bench
