#include "common/bench/mine_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/bench/console.h"
#include "common/bench/mine_table.h"
#include "common/bench/page.h"
#include "common/figure/svg.h"

namespace workbook::bench {

namespace {

using figure::escape;

std::string own_table(const std::vector<Case>& cases, std::size_t first, std::size_t last) {
  const Rows rows = own_rows(cases, first, last);
  if (rows.size() == 1) return "";
  std::string text = "<div class=\"table wide\"><table>" + cell("caption", title_of(cases[first]), "") + "\n";
  for (const auto& row : rows) {
    text += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool across = row.size() < rows[0].size() && i + 1 == row.size();
      text += cell(&row == &rows[0] ? "th" : "td", row[i],
                   across  ? "why"
                   : i < 2 ? "text"
                           : "",
                   across ? static_cast<int>(rows[0].size() - i) : 1);
    }
    text += "</tr>\n";
  }
  text += "</table>";
  for (const std::string& note : notes_of(cases, first, last)) text += cell("p", note, "muted");
  return text + "</div>\n";
}

std::string board(const std::vector<BoardLine>& lines) {
  if (lines.empty()) return "";
  std::string text = "<h2>Lessons</h2>\n<ul class=\"board\">\n";
  for (const BoardLine& line : lines)
    text += fmt::format("<li class=\"{}\"><b>{}</b> {}<span>{}{}</span></li>\n",
                        line.verdict == "passed"        ? "done"
                        : line.verdict == "not started" ? "open"
                                                        : "begun",
                        escape(line.lesson.substr(0, 2)), escape(line.title), escape(line.verdict),
                        line.max_points == 0 ? "" : fmt::format(", {} of {} points", line.points, line.max_points));
  return text + "</ul>\n";
}

std::string own_legend_list() {
  std::string text = "<h2>How to read it</h2>\n<dl>";
  for (const auto& [name, meaning] : own_legend()) text += cell("dt", name, "") + cell("dd", meaning, "") + "\n";
  return text + "</dl>\n";
}

/// The rows that plots and the console's table have: the own ones and the solution's.
std::string section(const Document& document) {
  const std::string device = device_of(document);
  std::string text = device.empty() ? "" : cell("h1", device, "") + "\n";
  text +=
      fmt::format("<p class=\"muted\">{}. {}; {}<br><code>{}</code></p>\n", escape(document.machine.date),
                  escape(machine_text(document.machine)), types_text(document.cases), escape(document.machine.command));
  for (const std::string& note : document.notes) text += cell("p", note, "muted") + "\n";
  std::string tables;
  for_each_workload(document.cases,
                    [&](std::size_t from, std::size_t to) { tables += own_table(document.cases, from, to); });
  if (!tables.empty()) text += "<h2>Your layers and backends</h2>\n" + tables;
  const std::string plots = sequence_section(document.cases);
  if (!plots.empty())
    text += plots + "<p class=\"muted\">Solid: yours. Dashed: the model solution's. Hollow points are noisy.</p>\n";
  const std::string roofline = roofline_of(document.machine, document.cases);
  if (!roofline.empty()) text += "<h2>Roofline</h2>\n<div class=\"plots\">" + roofline + "</div>\n";
  text += foresight_section(document);
  text += count_table(document.cases) + capability_table(document.capabilities);
  if (std::ranges::any_of(document.cases, &Case::measured))
    text += "<details><summary>Time, memory, MSE and mean result, as a console shows them</summary>\n<pre>" +
            escape(as_console(document)) + "</pre></details>\n";
  return text;
}

}  // namespace

std::string mine_page(const std::vector<Document>& documents) {
  std::string text =
      "<h1>Attention, by my own code</h1>\n"
      "<p>Every result was compared with a reference in double before anything was timed. A result that is wrong, "
      "and code that is not written yet, is reported and not timed. The statistics are my own, from lesson 22.</p>\n";
  text += cards(own_summary(documents));
  for (const Document& document : documents) text += board(document.board);
  for (const Document& document : documents) text += section(document);
  return html_page("Attention, by my own code", text + own_legend_list());
}

}  // namespace workbook::bench
