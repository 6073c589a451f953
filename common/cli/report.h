#pragma once
/// The checker's report: JSON Lines, one line per event.

#include <string>
#include <string_view>
#include <vector>

#include "common/checker/verdict.h"

namespace workbook::cli {

struct TestResult {
  std::string name, function, message;
  Verdict verdict = Verdict::wrong;
  int points = 0, max_points = 0;
  std::string line;  ///< the JSON that the checker wrote
  std::string text;  ///< every text in it, one after the other
};

struct Report {
  bool complete = false;  ///< without its last line, the checker itself has failed
  Verdict verdict = Verdict::wrong;
  int passed = 0, total = 0, points = 0, max_points = 0;
  std::vector<TestResult> tests;
};

/// Reads what there is. A line that is cut off or not as expected makes the report incomplete, nothing worse.
Report parse_report(std::string_view text);

/// The names in the JSON array that `checker --list` prints; empty when it cannot be read.
std::vector<std::string> parse_test_names(std::string_view list);

}  // namespace workbook::cli
