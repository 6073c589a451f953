#include "common/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/bench/page.h"
#include "common/bench/plot.h"
#include "common/bench/table.h"
#include "common/figure/svg.h"

namespace workbook::bench {

namespace {

using figure::escape;

std::string bars_of(const std::vector<Case>& cases, std::size_t first, std::size_t last) {
  std::vector<Series> series;
  std::vector<BarGroup> groups;
  for (std::size_t i = first; i < last; ++i) {
    const Case& c = cases[i];
    if (!c.measured()) continue;
    if (std::ranges::find(series, c.backend, &Series::name) == series.end())
      series.push_back({.name = c.backend, .colour = colour_of(base_name(c))});
    if (groups.empty() || groups.back().name != c.layer) groups.push_back({c.layer, {}});
    const auto at = std::ranges::find(series, c.backend, &Series::name) - series.begin();
    groups.back().values.resize(std::max(groups.back().values.size(), static_cast<std::size_t>(at) + 1), kUnknown);
    groups.back().values[static_cast<std::size_t>(at)] = c.median_s;
  }
  if (groups.empty()) return "";
  const std::string of = cases[first].workload + (groups.size() == 1 ? ", " + groups[0].name : "");
  return in_figure(
      bar_plot("Time: " + of, "Median time of every layer by every backend.", series, groups, seconds_text));
}

std::string section(const Document& document) {
  std::string text =
      fmt::format("<p class=\"muted\">{}. {}; {}<br><code>{}</code></p>\n", escape(document.machine.date),
                  escape(machine_text(document.machine)), types_text(document.cases), escape(document.machine.command));
  for (const std::string& note : document.notes) text += cell("p", note, "muted") + "\n";
  text += cards(summary_lines(document.cases));
  text += sequence_section(document.cases);
  std::string bars, tables;
  for_each_workload(document.cases, [&](std::size_t from, std::size_t to) {
    if (document.cases[from].family.empty() || document.cases[from].family == "core")
      bars += bars_of(document.cases, from, to);
    tables += case_table(document.cases, from, to);
  });
  text += "<h2>Roofline and layers</h2>\n<div class=\"plots\">" + roofline_of(document.machine, document.cases) + bars +
          "</div>\n";
  text += foresight_section(document);
  text += "<h2>Tables</h2>\n" + tables + count_table(document.cases) + capability_table(document.capabilities);
  return text;
}

}  // namespace

std::string report(const std::vector<Document>& documents) {
  std::string text =
      "<h1>Attention, measured</h1>\n"
      "<p>Every result was compared with a reference in double before anything was timed. A run counts if the machine "
      "was at its best just before and just after it.</p>\n";
  std::vector<std::pair<std::string, std::string>> devices;  // and their sections; a CPU's come first
  for (const Document& document : documents) {
    const std::string name = device_of(document);
    auto found = std::ranges::find(devices, name, &std::pair<std::string, std::string>::first);
    if (found == devices.end()) found = devices.insert(name.empty() ? devices.begin() : devices.end(), {name, ""});
    found->second += (found->second.empty() ? "" : "<hr>\n") + section(document);
  }
  bool first = true;
  for (const auto& [name, sections] : devices) {
    text += std::exchange(first, false) ? "" : "<hr>\n";
    text += name.empty() ? sections : "<section>\n" + cell("h1", name, "") + "\n" + sections + "</section>\n";
  }
  return html_page("Attention, measured", text + legend());
}

}  // namespace workbook::bench
