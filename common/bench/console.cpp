#include "common/bench/console.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/bench/table.h"

namespace workbook::bench {

namespace {

using Cells = std::vector<std::string>;

std::string repeated(const char* text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string blanks(width - std::min(width, text_width(text)), ' ');
  return left ? text + blanks : blanks + text;
}

/// A line of a frame: ┏━━┳━━┓.
std::string rule(const std::vector<std::size_t>& widths, const char* left, const char* line, const char* middle,
                 const char* right) {
  std::string text = left;
  for (std::size_t i = 0; i < widths.size(); ++i) text += (i == 0 ? "" : middle) + repeated(line, widths[i] + 2);
  return text + right + "\n";
}

std::string framed(const std::vector<Cells>& rows) {
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const Cells& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], text_width(row[i]));
  const auto line = [&](const Cells& row, const char* bar) {
    std::string text = bar;
    for (std::size_t i = 0; i < row.size(); ++i) text += " " + padded(row[i], widths[i], i == 0) + " " + bar;
    return text + "\n";
  };
  std::string text = rule(widths, "┏", "━", "┳", "┓") + line(rows[0], "┃") + rule(widths, "┡", "━", "╇", "┩");
  for (std::size_t i = 1; i < rows.size(); ++i) text += line(rows[i], "│");
  return text + rule(widths, "└", "─", "┴", "┘");
}

std::string boxed(const std::string& title, const std::vector<std::string>& lines) {
  std::size_t width = text_width(title) + 2;
  for (const std::string& line : lines) width = std::max(width, text_width(line));
  const std::size_t left = (width - text_width(title)) / 2, right = width - text_width(title) - left;
  std::string text = "╭" + repeated("─", left) + " " + title + " " + repeated("─", right) + "╮\n";
  for (const std::string& line : lines) text += "│ " + padded(line, width, true) + " │\n";
  return text + "╰" + repeated("─", width + 2) + "╯\n";
}

std::string configuration(const Document& document, const Case& c) {
  const Extents& e = c.extents;
  const std::string shape = e.d_model > 1 ? fmt::format("x [{}, {}, {}]", e.batch, e.q_len, e.d_model)
                                          : fmt::format("q [{}, {}, {}, {}]", e.batch, e.heads, e.q_len, e.head_dim);
  return boxed("Test Configuration", {"Device: " + c.device + " (" + document.machine.processor + ")",
                                      "Tensor Shape: " + shape, "Data Type: " + types_text(document.cases),
                                      fmt::format("Number of Trials: {}", c.runs), "Workload: " + title_of(c)});
}

/// Seconds and megabytes as the seeds of this table have them, with four digits after the point.
Cells cells_of(const Case& c, const Case& baseline) {
  const std::string name = c.layer + ", " + c.backend;
  if (!c.measured()) return {name, c.status, "", "", c.problem.substr(0, 60)};
  const auto or_none = [](const char* format, double value) {
    return known(value) ? fmt::format(fmt::runtime(format), value) : "N/A";
  };
  return {name, fmt::format("{:.4f} ± {:.4f}", c.mean_s, c.std_s), or_none("{:.2f}", std::ldexp(c.peak_bytes, -20)),
          &c == &baseline ? "baseline" : or_none("{:.2e}", c.mse), or_none("{:.6f}", c.mean_result)};
}

}  // namespace

std::string as_console(const Document& document) {
  std::string text;
  for_each_workload(document.cases, [&](std::size_t first, std::size_t last) {
    const Case& baseline = document.cases[first];
    const auto at = std::find_if(document.cases.begin() + static_cast<std::ptrdiff_t>(first),
                                 document.cases.begin() + static_cast<std::ptrdiff_t>(last),
                                 [](const Case& c) { return c.measured(); });
    const bool none = at == document.cases.begin() + static_cast<std::ptrdiff_t>(last);
    std::vector<Cells> rows{
        {"Function Name", "Execution Time (s)", "Peak Memory (MiB)", "MSE vs baseline", "Mean Result"}};
    for (std::size_t i = first; i < last; ++i) rows.push_back(cells_of(document.cases[i], baseline));
    text += (text.empty() ? "" : "\n") + configuration(document, none ? baseline : *at) + framed(rows);
  });
  return text;
}

}  // namespace workbook::bench
