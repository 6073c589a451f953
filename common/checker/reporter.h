#pragma once
/// Running the test cases of a checker.

#include <functional>

#include "common/checker/report.h"

namespace workbook {

struct CheckerRun {
  std::string lesson;
  std::string contract;  ///< mangled name of the lesson's Contract<...>
  RunOptions options;
  std::uint64_t seed = 1;
  std::size_t shown_output = 4096;
  std::function<void(const TestResult&)> ended;  ///< called after each test
  Timeouts timeouts;
};

/// Every test case of this checker, in the order of its sources.
std::vector<report::Test> all_tests(CheckerRun& checker);

/// Whether a test may load another flavour of the implementation than the one that --plugin names, by its tags.
bool loads_another_flavour(const report::Test& test);

/// Runs these, one after the other.
void run_tests(CheckerRun& checker, const std::vector<report::Test>& tests);

}  // namespace workbook
