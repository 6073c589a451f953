#pragma once
/// Compiles one submitted lesson and runs its tests, both in a sandbox, and scores the report.

#include <filesystem>
#include <string>
#include <vector>

#include "common/grading/gradebook/scoring.h"
#include "common/grading/gradebook/store.h"
#include "common/grading/judging/lesson_build.h"
#include "common/grading/sandbox/sandbox.h"

namespace workbook::grading {

/// The list of tests in the JSON that a checker prints.
/// @throws system::Error if it is no such list, or names a test twice
std::vector<report::Test> parse_test_list(const std::string& json);

struct Attempt {
  LessonResult result;
  Timing timing;
  std::string fault;  ///< why there is no result; "" if there is one
};

class LessonJudge {
 public:
  /// Sets up a sandbox for each slot. @throws system::Error if there is none
  LessonJudge(int slots, bool allow_weak_sandbox, fs::path scratch);

  std::string_view tier() const { return name(slots_.front().tier); }

  /// Slots may be used at the same time, each by one thread.
  Attempt judge(const LessonBuild& lesson, const std::vector<report::Test>& tests, const fs::path& source,
                std::uint64_t seed, int slot) const;

 private:
  std::vector<Sandbox> slots_;
  fs::path scratch_;
};

}  // namespace workbook::grading
