#pragma once
/// The lesson's own tests, run on a plugin whose workers are confined.

#include <cstdint>
#include <optional>
#include <string>

#include "common/grading/gradebook/scoring.h"
#include "common/grading/judging/lesson_build.h"
#include "common/grading/sandbox/sandbox.h"

namespace workbook::grading {

struct CheckerLimits {
  double cpu_seconds = 5;   ///< for one call
  double idle_seconds = 5;  ///< of waiting, in the calls of one test
  double hours = 1;         ///< for all tests; a machine that takes longer has no time for them, which is a fault
};

struct CheckerResult {
  std::string report_path;
  int exit_code = -1;
  std::optional<std::string> fault;   ///< the grader failed: the report says nothing about anybody
  std::optional<CutShort> cut_short;  ///< the checker's end came before the report's
  double seconds = 0;
  double sandbox_seconds = 0;  ///< of these, for starting confined workers
};

/// Runs all tests, hidden ones too, and writes the checker's report. The checker is trusted and runs outside.
CheckerResult run_checker(const Sandbox& sandbox, const LessonBuild& lesson, const fs::path& plugin, std::uint64_t seed,
                          const fs::path& report, const CheckerLimits& limits = {});

}  // namespace workbook::grading
