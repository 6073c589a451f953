#pragma once
/// From a checker's report to points.
///
/// The trusted list of tests decides what there is and what it is worth; the report only says what passed. A test
/// without a line scores nothing and says so. A report that cannot be the checker's own is a fault of the grader: no
/// points, no zero either, but another run.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/report/record.h"

namespace workbook::grading {

struct TestScore {
  std::string id;
  std::optional<Verdict> verdict;  ///< nothing if the test did not report
  std::string message;             ///< the checker's; may quote what the submission produced
  std::string output;              ///< what the submission printed
  bool called = true;              ///< false: a function was not called again that timed out in earlier tests

  int points(const report::Test& test) const { return verdict == Verdict::passed ? test.points : 0; }
};

/// One submitted lesson, judged. Holds no times: it is the same whenever and wherever it is made.
struct LessonResult {
  std::string lesson;
  bool compiled = false;
  std::string compiler_output;
  std::vector<TestScore> tests;  ///< in the order of the list; one for each
};

/// Either a result or the reason why there is none.
struct Scored {
  LessonResult result;
  std::string fault;
};

/// The checker itself came to its end on what a submission answered. That is the submission's doing: the same checker
/// ends well on the solution and on every known mistake.
struct CutShort {
  Verdict verdict = Verdict::crashed;  ///< of all tests that it had not reported
  std::string how;
};

/// @param report the JSON Lines that the checker wrote
/// @param cut_short then a report that has begun needs no end
Scored score_report(const std::string& lesson, const std::vector<report::Test>& list, std::string_view report,
                    const std::optional<CutShort>& cut_short = {});

/// Every test scores nothing, because there is nothing to run.
LessonResult score_uncompiled(const std::string& lesson, const std::vector<report::Test>& list, std::string output);

/// Sums over the list.
int points(const LessonResult& result, const std::vector<report::Test>& list);
int max_points(const std::vector<report::Test>& list);

/// To JSON and back. @returns nothing if `text` is not such a result.
std::string to_json(const LessonResult& result);
std::optional<LessonResult> result_from_json(std::string_view text);

}  // namespace workbook::grading
