#pragma once
/// Test cases on several processors.

#include <vector>

#include "common/checker/reporter.h"

namespace workbook {

/// Runs each of the tests in a process of its own, a copy of this one, at most `jobs` at a time, and begins with the
/// first. `report` gets them in this order, or as they end if it is followed. What timed out in one is known to those
/// that begin later.
/// @throws std::runtime_error if a test could not be judged
void run_side_by_side(CheckerRun& checker, const ReportOptions& options, const std::vector<report::Test>& tests,
                      int jobs, Report& report);

}  // namespace workbook
