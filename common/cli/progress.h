#pragma once
/// How far the student is, from the last ordinary run of each lesson and the hints shown.

#include <map>
#include <optional>
#include <string>

#include "common/cli/system.h"
#include "common/report/record.h"
#include "common/workspace/workspace.h"

namespace workbook::cli {

struct Standing {
  std::optional<Verdict> verdict;            ///< of the file as it is now; nothing if it was edited since
  int points = 0, max_points = 0;            ///< of the last run; max_points is 0 before it
  std::map<std::string, Verdict> functions;  ///< gravest verdict of each function's tests in the last run
  std::vector<std::string> failed;           ///< names of the tests that failed in it
  std::int64_t tried = 0, solved = 0;        ///< when it was judged last, and passed first: seconds since 1970, or 0

  bool edited_since() const { return !verdict; }
  bool finished() const { return verdict == Verdict::passed || verdict == Verdict::not_verifiable_here; }
};

class Progress {
 public:
  explicit Progress(const Workspace& workspace);

  Standing of(const Lesson& lesson) const;

  /// The first lesson that is not finished, or null; with `after` the first one after it, if there is any.
  const Lesson* next(const Catalog& catalog, const Lesson* after = nullptr) const;

 private:
  struct Run {
    std::string hash;
    Standing standing;
  };
  const Workspace* workspace_;
  std::map<std::string, Run> runs_;  // last of each lesson, by id
};

/// The gravest verdict of each function's tests.
std::map<std::string, Verdict> verdicts_of_functions(const report::Report& report);

/// The exercise to work on: the first that was begun and fails, else the first that does not pass yet, else the first.
/// @param functions verdicts of their tests; a function without one has not been begun
const Exercise& next_exercise(const Lesson& lesson, const std::map<std::string, Verdict>& functions);

/// Keeps the result of a run on the files with that content hash; nothing if it is empty.
void keep_result(const Workspace& workspace, const Lesson& lesson, const std::string& hash,
                 const report::Report& report);

/// How many hints of that TODO were shown.
int hints_seen(const Workspace& workspace, const Lesson& lesson, int todo);

/// How many hints of that TODO were shown before. Counts one more, or all of them, as shown.
int count_hint(const Workspace& workspace, const Lesson& lesson, int todo, bool all);

}  // namespace workbook::cli
