#pragma once
/// Test cases on several processors.

#include <vector>

#include "common/checker/reporter.h"

namespace workbook {

struct SideBySide {
  int jobs = 1;               ///< processes at a time
  std::string rest_of_build;  ///< a pipe; empty: everything has been built
};

/// Runs each of the tests in a process of its own, a copy of this one, and begins with the first. `report` gets them in
/// this order, or as they end if it is followed. What timed out in one is known to those that begin later. Tests that
/// load another flavour wait until kBuilt comes through the pipe; if anything else comes, or its other end is closed,
/// this process ends.
/// @throws std::runtime_error if a test could not be judged
void run_side_by_side(CheckerRun& checker, const ReportOptions& options, const std::vector<report::Test>& tests,
                      const SideBySide& how, Report& report);

}  // namespace workbook
