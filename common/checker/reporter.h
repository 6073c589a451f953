#pragma once
/// Running the test cases of a checker.

#include "common/checker/report.h"

namespace workbook {

struct CheckerRun {
  std::string lesson;
  std::string contract;  ///< mangled name of the lesson's Contract<...>
  RunOptions options;
  std::uint64_t seed = 1;
  std::size_t shown_output = 4096;
  Report* report = nullptr;
  Timeouts timeouts;
};

/// Every test case of this checker, in the order of its sources.
std::vector<report::Test> all_tests(CheckerRun& checker);

/// Runs those that a Catch2 test specification selects.
void run_tests(CheckerRun& checker, const std::string& catch_spec);

}  // namespace workbook
