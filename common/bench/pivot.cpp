#include "common/bench/pivot.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/bench/table.h"

namespace workbook::bench {

namespace {

using Members = std::vector<const Case*>;

std::vector<std::string> distinct(const Members& cases, std::string (*name)(const Case&)) {
  std::vector<std::string> names;
  for (const Case* c : cases)
    if (std::ranges::find(names, name(*c)) == names.end()) names.push_back(name(*c));
  return names;
}

std::string backend_of(const Case& c) { return c.backend; }
std::string layer_of(const Case& c) { return c.layer; }
std::string family_of(const Case& c) { return c.family; }

/// "~12.3 ms"; or why there is no number.
std::string time_of(const Case& c) {
  return c.measured() ? (c.noisy ? "~" : "") + seconds_text(c.median_s) : excuse(c);
}

const Case* find(const Members& row, const std::string& backend) {
  const auto found = std::ranges::find(row, backend, [](const Case* c) { return c->backend; });
  return found == row.end() ? nullptr : *found;
}

/// The fastest, how many times as fast as the baseline it is, and the workspace that it saves.
std::vector<std::string> best_of(const Members& row) {
  const Case* best = nullptr;
  for (const Case* c : row)
    if (c->measured() && (!best || c->median_s < best->median_s)) best = c;
  if (!best) return {"", "", ""};
  return {best->backend, known(best->speedup) ? fmt::format("{:.2f}x", best->speedup) : "",
          known(best->memory_saved) ? fmt::format("{:.1f} %", 100 * best->memory_saved) : ""};
}

/// A row for each group of cases, and a column for each backend; a cell is empty if the backend does not compute it.
std::string table(const std::string& first, const std::vector<std::pair<std::string, Members>>& groups) {
  Members all;
  for (const auto& [name, members] : groups) all.insert(all.end(), members.begin(), members.end());
  const std::vector<std::string> backends = distinct(all, backend_of);
  Rows rows{{first}};
  rows[0].insert(rows[0].end(), backends.begin(), backends.end());
  for (const char* name : {"fastest", "speedup", "workspace saved"}) rows[0].push_back(name);
  for (const auto& [name, members] : groups) {
    rows.push_back({name});
    for (const std::string& backend : backends) {
      const Case* const c = find(members, backend);
      rows.back().push_back(c ? time_of(*c) : "");
    }
    std::ranges::copy(best_of(members), std::back_inserter(rows.back()));
  }
  return "\n" + piped(rows, 1);
}

std::string by_layer(const std::vector<Case>& cases, std::size_t first, std::size_t last) {
  std::vector<std::pair<std::string, Members>> groups;
  for (std::size_t i = first; i < last; ++i) {
    if (groups.empty() || groups.back().first != cases[i].layer) groups.push_back({cases[i].layer, {}});
    groups.back().second.push_back(&cases[i]);
  }
  return "\n### " + title_of(cases[first]) + "\n" + table("layer", groups);
}

/// One layer of a family of workloads.
std::string by_length(const std::string& family, const std::string& layer, const Members& members) {
  std::vector<std::pair<std::string, Members>> groups;
  for (const Case* c : members) {
    const std::string at = fmt::format("{:.0f}", c->x);
    if (groups.empty() || groups.back().first != at) groups.push_back({at, {}});
    groups.back().second.push_back(c);
  }
  const char* const axis = family.ends_with("hidden") ? "width" : "tokens";
  return fmt::format("\n### {}: {}\n", family, layer) + table(axis, groups);
}

std::string tables_of(const std::vector<Case>& cases) {
  std::string text;
  Members in_families;
  for_each_workload(cases, [&](std::size_t first, std::size_t last) {
    if (cases[first].family.empty() || cases[first].family == "core")
      text += by_layer(cases, first, last);
    else
      for (std::size_t i = first; i < last; ++i) in_families.push_back(&cases[i]);
  });
  for (const std::string& family : distinct(in_families, family_of))
    for (const std::string& layer : distinct(in_families, layer_of)) {
      Members members;
      for (const Case* c : in_families)
        if (c->family == family && c->layer == layer) members.push_back(c);
      if (!members.empty()) text += by_length(family, layer, members);
    }
  return text;
}

}  // namespace

std::string as_pivot_tables(const std::vector<Document>& documents, const std::string& command) {
  std::string text =
      "# Layers by backends\n\nMedian times. `~`: noisy, believe the order at most. The speedup of the fastest backend "
      "is "
      "against the same layer unfused; where a layer has no unfused form, against the workload's first unfused row. A "
      "cell is "
      "empty if the backend does not compute that layer. What the words mean is told in [the "
      "benchmark](../benchmark.md). "
      "This page was made by\n\n    " +
      command + "\n";
  for (const Document& document : documents) {
    text += fmt::format("\n## {}\n\n{}. {}; {}\n", document.machine.command, document.machine.date,
                        machine_text(document.machine), types_text(document.cases));
    text += tables_of(document.cases);
  }
  return text;
}

}  // namespace workbook::bench
