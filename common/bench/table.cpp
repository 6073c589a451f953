#include "common/bench/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/bench/own_model.h"
#include "common/system/units.h"

namespace workbook::bench {

namespace {

/// Layer and backend stand to the left, and the numbers to the right.
constexpr std::size_t kWords = 2;

std::string number(const char* format, double value) {
  return known(value) ? fmt::format(fmt::runtime(format), value) : "";
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string blanks(width - std::min(width, text_width(text)), ' ');
  return left ? text + blanks : blanks + text;
}

std::string mse_text(const Case& c) { return number("{:.2g}", c.mse); }

std::string piped_line(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) text += " " + cell + " |";
  return text + "\n";
}

/// The cells of one workload; a case without numbers has its names and the excuse.
Rows rows_of(const std::vector<Case>& cases, std::size_t first, std::size_t last) {
  Rows rows(1);
  for (const Column& column : columns()) rows[0].push_back(column.name);
  for (std::size_t i = first; i < last; ++i) {
    const Case& c = cases[i];
    std::vector<std::string> row;
    if (const std::string why = excuse(c); !why.empty()) {
      row = {c.layer, c.backend, why};
    } else {
      for (const Column& column : columns()) row.push_back(column.cell(c));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Rows capability_rows(const std::vector<Capability>& capabilities) {
  Rows rows{{"backend", "formula", "lesson"}};
  for (const auto& [name, answer] : capabilities.front().takes) rows[0].push_back(name);
  for (const Capability& c : capabilities) {
    rows.push_back({c.backend, c.formula, c.lesson.substr(0, 2)});
    for (const auto& [name, answer] : c.takes)
      rows.back().push_back(answer.starts_with("yes") || name == "dtype" ? answer : "no");
  }
  return rows;
}

std::string legend() {
  std::string text;
  for (const Column& column : columns())
    if (*column.meaning) text += fmt::format("  {:<10} {}\n", column.name, column.meaning);
  return text;
}

}  // namespace

std::size_t text_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string aligned(const Rows& rows, std::size_t words) {
  const std::size_t all = rows.at(0).size();
  std::vector<std::size_t> widths(all, 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < (row.size() == all ? all : std::min(words, row.size())); ++i)
      widths[i] = std::max(widths[i], text_width(row[i]));
  std::string text;
  for (const auto& row : rows) {
    text += " ";
    for (std::size_t i = 0; i < row.size(); ++i)
      text += " " + (row.size() == all || i < words ? padded(row[i], widths[i], i < words) : row[i]) + " ";
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

std::string piped(const Rows& rows, std::size_t words) {
  const std::size_t all = rows.at(0).size();
  std::string text = piped_line(rows[0]) + "|";
  for (std::size_t i = 0; i < all; ++i) text += i < words ? " --- |" : " ---: |";
  text += "\n";
  for (std::size_t i = 1; i < rows.size(); ++i) {
    std::vector<std::string> row = rows[i];
    row.resize(all);
    text += piped_line(row);
  }
  return text;
}

std::string seconds_text(double seconds) { return known(seconds) ? system::duration_text(seconds) : ""; }

std::string bytes_text(double bytes) { return known(bytes) ? system::size_text(bytes) : ""; }

const std::vector<Column>& columns() {
  static const std::vector<Column> all = {
      {"layer", "", true, [](const Case& c) { return c.layer; }},
      {"backend", "", true, [](const Case& c) { return c.backend; }},
      {"kv", "KV heads", false, [](const Case& c) { return fmt::format("{}", c.extents.kv_heads); }},
      {"median", "of the runs that count; ~: noisy, the machine was not at its best between enough bursts", false,
       [](const Case& c) { return (c.noisy ? "~" : "") + seconds_text(c.median_s); }},
      {"mean ± std", "", false,
       [](const Case& c) { return seconds_text(c.mean_s) + (c.runs > 1 ? " ± " + seconds_text(c.std_s) : ""); }},
      {"speedup",
       "of the median, against the same layer unfused, else the workload's first; of one lesson, against flash", false,
       [](const Case& c) { return number("{:.2f}x", c.speedup); }},
      {"GFLOP/s", "useful ones: no masked pair, no exponential, nothing that is computed again", false,
       [](const Case& c) { return number("{:.1f}", c.gflops); }},
      {"peak", "share of the measured rate of fused multiply-adds", false,
       [](const Case& c) { return number("{:.0f} %", 100 * c.share_of_peak); }},
      {"FLOP/B", "useful FLOPs for each byte of inputs, weights, output, and twice the workspace", false,
       [](const Case& c) { return number("{:.3g}", c.intensity); }},
      {"roof", "share of what the measured roofline allows at that intensity", false,
       [](const Case& c) { return number("{:.0f} %", 100 * c.share_of_roof); }},
      {"workspace", "most memory alive at once, beyond inputs, weights and result", false,
       [](const Case& c) { return bytes_text(c.workspace_bytes); }},
      {"saved", "share of the workspace of the case that the speedup is against", false,
       [](const Case& c) { return number("{:.0f} %", 100 * c.memory_saved); }},
      {"error", "largest difference to the layer's own reference in double", false,
       [](const Case& c) { return number("{:.1e}", c.max_error); }},
      {"MSE", "to multi-head softmax attention with the same weights", false, mse_text},
      {"mean", "of the result", false, [](const Case& c) { return number("{:.6f}", c.mean_result); }},
  };
  return all;
}

std::string excuse(const Case& c) {
  if (c.measured()) return "";
  const std::string status = c.status == status::kWrong ? "WRONG, not timed" : c.status;
  return status + (c.problem.empty() ? "" : ": " + c.problem);
}

Rows count_rows(const std::vector<Case>& cases) {
  Rows rows;
  for (const Case& c : cases) {
    if (c.counts.empty()) continue;
    if (rows.empty()) {
      rows.push_back({"backend", "lesson"});
      for (const auto& [name, count] : c.counts) rows[0].push_back(name);
    }
    const std::string lesson = c.lesson.substr(0, 2);
    if (std::ranges::any_of(rows, [&](const auto& row) { return row[0] == c.backend && row[1] == lesson; })) continue;
    rows.push_back({c.backend, lesson});
    for (const auto& [name, count] : c.counts) rows.back().push_back(fmt::format("{:.0f}", count));
  }
  return rows;
}

Rows prediction_rows(const std::vector<Case>& cases) {
  Rows rows{{"workload", "layer", "backend", "measured", "predicted", "off by"}};
  for (const Case& c : cases)
    if (known(c.predicted_s))
      rows.push_back({c.workload, c.layer, c.backend, seconds_text(c.median_s), seconds_text(c.predicted_s),
                      fmt::format("{:+.0f} %", 100 * (c.predicted_s / c.median_s - 1))});
  return rows;
}

std::string title_of(const Case& c) {
  const Extents& e = c.extents;
  const std::string scaled = c.scale == 1 ? "" : fmt::format(", 1/{} of the model's width", c.scale);
  const std::string lengths =
      e.q_len == e.kv_len ? fmt::format("{} tokens", e.q_len) : fmt::format("{} of {} tokens", e.q_len, e.kv_len);
  const std::string what = e.d_model > 1 ? fmt::format("d_model {}", e.d_model) : "attention alone";
  return fmt::format("{}: {}, batch {}, {}, {} heads of {}{}", c.workload, what, e.batch, lengths, e.heads, e.head_dim,
                     scaled);
}

std::string machine_text(const Machine& m) {
  std::string text = fmt::format("{}, {} cores, {:.0f} GiB; {} thread{} a layer", m.processor, m.cores,
                                 static_cast<double>(m.memory_bytes) / (1 << 30), m.threads, m.threads == 1 ? "" : "s");
  if (known(m.peak_gflops)) text += fmt::format("; peak {:.1f} GFLOP/s", m.peak_gflops);
  if (known(m.bandwidth_gbs)) text += fmt::format("; reading {:.1f} GB/s", m.bandwidth_gbs);
  if (!m.products.empty()) text += "; projections by " + m.products;
  return text;
}

std::string types_text(const std::vector<Case>& cases) {
  std::vector<std::string> others;
  for (const Case& c : cases)
    if (c.dtype != "float32" && std::ranges::find(others, c.dtype) == others.end()) others.push_back(c.dtype);
  return others.empty() ? "float32" : "float32, and " + join(others) + " in the rows that say so";
}

std::vector<std::string> notes_of(const std::vector<Case>& cases, std::size_t first, std::size_t last) {
  std::vector<std::string> notes;
  for (std::size_t i = first; i < last; ++i) {
    if (!cases[i].measured() || cases[i].note.empty()) continue;
    const std::string note = cases[i].backend + ": " + cases[i].note;
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
  }
  return notes;
}

std::vector<std::pair<std::string, std::string>> summary_lines(const std::vector<Case>& cases) {
  const Summary s = summarize(cases);
  if (s.groups == 0) return {};
  std::vector<std::pair<std::string, std::string>> lines = {
      {"Average speedup", fmt::format("{:.2f}x, the geometric mean over {} layers on workloads of the best backend "
                                      "against unfused",
                                      s.average_speedup, s.groups)},
      {"Largest speedup", fmt::format("{:.2f}x, {}", s.largest_speedup, s.largest_of)},
      {"Best backend", fmt::format("{}, fastest in {} of {}", s.best_backend, s.best_count, s.groups)}};
  if (known(s.least_saved))
    lines.emplace_back("Workspace saved",
                       fmt::format("{:.2f} to {:.2f} % of unfused", 100 * s.least_saved, 100 * s.most_saved));
  return lines;
}

std::string as_text(const Document& document) {
  std::string text = fmt::format("  {}; {}\n", machine_text(document.machine), types_text(document.cases));
  for (const std::string& note : document.notes) text += "  " + note + "\n";
  for_each_workload(document.cases, [&](std::size_t first, std::size_t last) {
    text += "\n  " + title_of(document.cases[first]) + "\n";
    text += aligned(rows_of(document.cases, first, last), kWords);
    for (const std::string& note : notes_of(document.cases, first, last)) text += "  " + note + "\n";
  });
  if (const Rows rows = count_rows(document.cases); !rows.empty())
    text += fmt::format("\n  {}\n", kCountsTitle) + aligned(rows, kWords);
  if (const Rows rows = prediction_rows(document.cases); rows.size() > 1)
    text += fmt::format("\n  {}\n", kPredictionsTitle) + aligned(rows, 3);
  for (const std::string& line : document.model) text += "  " + line + "\n";
  text += "\n" + legend();
  for (const auto& [name, line] : summary_lines(document.cases)) text += fmt::format("\n  {:<18} {}", name, line);
  for (const auto& [name, line] : foresight_lines(document.cases)) text += fmt::format("\n  {:<18} {}", name, line);
  if (document.capabilities.empty()) return text + "\n";
  const Rows rows = capability_rows(document.capabilities);
  return text + "\n\n" + aligned(rows, rows[0].size());
}

std::string as_markdown(const Document& document) {
  std::string text = fmt::format("    {}\n\n{}; {}\n", document.machine.command, machine_text(document.machine),
                                 types_text(document.cases));
  for (const std::string& note : document.notes) text += "\n" + note + "\n";
  for_each_workload(document.cases, [&](std::size_t first, std::size_t last) {
    text += "\n## " + title_of(document.cases[first]) + "\n";
    text += "\n" + piped(rows_of(document.cases, first, last), kWords);
    for (const std::string& note : notes_of(document.cases, first, last)) text += "\n" + note + "\n";
  });
  if (const Rows rows = count_rows(document.cases); !rows.empty()) {
    text += fmt::format("\n## {}\n", kCountsTitle);
    text += "\n" + piped(rows, kWords);
  }
  text += "\n";
  if (const Rows rows = prediction_rows(document.cases); rows.size() > 1)
    text += fmt::format("## {}\n\n", kPredictionsTitle) + piped(rows, 3) + "\n";
  for (const std::string& line : document.model) text += "- " + line + "\n";
  for (const auto& [name, line] : summary_lines(document.cases)) text += fmt::format("- **{}**: {}\n", name, line);
  for (const auto& [name, line] : foresight_lines(document.cases)) text += fmt::format("- **{}**: {}\n", name, line);
  if (!document.capabilities.empty()) {
    const Rows rows = capability_rows(document.capabilities);
    text += "\n" + piped(rows, rows[0].size());
  }
  return text;
}

}  // namespace workbook::bench
