#pragma once
/// A class from what was handed in to written results.

#include <string>
#include <vector>

#include "common/grading/exports/exports.h"
#include "common/grading/gradebook/store.h"
#include "common/grading/judging/lesson_judge.h"
#include "common/options/grading.h"
#include "common/workspace/workspace.h"

namespace workbook::grading {

struct ClassResult {
  Gradebook book;
  std::vector<Change> changes;
  std::string sandbox;                    ///< the tier that was used; "" if nothing had to be run
  std::size_t judged = 0;                 ///< submitted lessons run now
  std::size_t equal = 0;                  ///< others, with the same content as one of these
  std::size_t kept = 0;                   ///< others, judged by an earlier run
  std::vector<std::string> nobodys;       ///< numbers of lessons that nobody handed in
  bool nobodys_count = false;             ///< these are zeros of everybody; otherwise they are left out
  Timing time;                            ///< of what was judged now, summed over slots
  std::size_t sandboxes = 0;              ///< that were entered for that: one for each step of a compilation, each test
  std::vector<Slow> slow;                 ///< what was judged, now or earlier
  std::vector<std::string> not_measured;  ///< why somebody is not on the leaderboard that the policy asks for
};

/// Takes in, grades what has no result yet, and writes everything to `options.out`.
/// @pre the submissions and `options.out` are not within one another
/// @throws system::Error if the class cannot be graded at all; single faults are in the result
ClassResult grade_class(const workspace::Workspace& workspace, const ClassOptions& options);

}  // namespace workbook::grading
