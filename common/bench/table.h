#pragma once
/// Results as tables: on a terminal, in Markdown; the report's are made of the same columns.

#include <string>

#include "common/bench/summary.h"

namespace workbook::bench {

struct Column {
  const char* name;
  const char* meaning;  ///< one line of the legend; empty: the name says it
  bool text;            ///< to the left
  std::string (*cell)(const Case& c);
};

/// The columns of a case that was measured.
const std::vector<Column>& columns();

/// "1.23 ms": three digits, with the unit that fits.
std::string seconds_text(double seconds);
std::string bytes_text(double bytes);

using Rows = std::vector<std::vector<std::string>>;  ///< of cells; the first has the names

/// Columns that a terminal shows.
std::size_t text_width(const std::string& text);

/// For a terminal: each column is as wide as its widest cell, and the first `words` of them stand to the left. Of a row
/// with fewer cells than the first one, the last cell stands across.
std::string aligned(const Rows& rows, std::size_t words);

/// For Markdown.
std::string piped(const Rows& rows, std::size_t words);

/// What the simulator counted, a row for each backend; empty if it counted nothing.
inline constexpr const char* kCountsTitle =
    "Counted by the simulator: causal attention alone, 2 heads of 64, 64 tokens, or the last query of them";
Rows count_rows(const std::vector<Case>& cases);

/// What a time model says of the cases that it was fitted to; only names if there is no prediction.
inline constexpr const char* kPredictionsTitle = "Predicted by the time model that was fitted to these rows";
Rows prediction_rows(const std::vector<Case>& cases);

/// Why a case has no numbers; empty if it has.
std::string excuse(const Case& c);

/// "seed_layer: x [4, 1024, 512], 16 heads of 32".
std::string title_of(const Case& c);

/// Calls visit(first, last) for each stretch of cases of one workload.
template <class Visit>
void for_each_workload(const std::vector<Case>& cases, const Visit& visit) {
  for (std::size_t first = 0, last = 0; first < cases.size(); first = last) {
    while (last < cases.size() && cases[last].workload == cases[first].workload) ++last;
    visit(first, last);
  }
}

/// The machine, the tables, the summary, what each backend takes.
std::string as_text(const Document& document);
std::string as_markdown(const Document& document);

/// The summary's lines, "Average speedup": "2.4x".
std::vector<std::pair<std::string, std::string>> summary_lines(const std::vector<Case>& cases);

/// "Intel Xeon, 2 cores, 23 GiB; 1 thread; ...".
std::string machine_text(const Machine& machine);

/// "float32", or which other types there are.
std::string types_text(const std::vector<Case>& cases);

/// The notes of these cases, each once: "torch math: ...".
std::vector<std::string> notes_of(const std::vector<Case>& cases, std::size_t first, std::size_t last);

}  // namespace workbook::bench
