#pragma once
/// Builds one implementation of a lesson and has its checker judge it.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/cli/sanitizer_output.h"
#include "common/cli/system.h"
#include "common/report/record.h"
#include "common/workspace/build.h"
#include "common/workspace/workspace.h"

namespace workbook::cli {

/// What is judged: the student's files, the solution or a mistake.
struct Implementation {
  std::string target;             ///< 04_grouped_query.student
  fs::path plugin;                ///< build/lessons/04_grouped_query/student.so
  std::vector<fs::path> sources;  ///< lessons/04_grouped_query/grouped_query.cpp, and what it includes of the lesson
  bool mine = true;
  std::vector<std::string> along;  ///< targets of other flavours that the tests load

  const fs::path& source() const { return sources.front(); }

  /// The same built another way: "asan", "debug".
  Implementation flavour(const std::string& name) const;
};

/// @throws UsageError if one of the student's files is gone, with the way to get it back
void require_stub(const Lesson& lesson);

/// How many tests may run side by side on this machine.
int processors();

/// `impl` is mine, solution, hunt (the code of an open bug hunt) or mistakes/<stem>. @throws UsageError for anything
/// else.
Implementation implementation(const Workspace& workspace, const Lesson& lesson, const std::string& impl);

/// The first error of `impl`'s sources in what a compiler said, ready to print.
std::string first_error_text(const std::string& output, const Implementation& impl);

/// What a compiler said, ready to print.
struct Compiled {
  std::string problem;   ///< why the implementation does not compile; empty if it does
  std::string warnings;  ///< the first of them
};

/// Builds the checker, the implementation and the worker. `on_gpu`: what nvcc makes of it, too, where there is nvcc.
/// `begin_early`, if there is one, is called when all is there but other flavours of the implementation, with the
/// warnings, if there was something to do for that.
/// @throws Error when anything else does not build.
Compiled build_implementation(const Workspace& workspace, const Lesson& lesson, const Implementation& impl,
                              bool on_gpu = false, workspace::BuildListener listener = {},
                              const std::function<void(const std::string& warnings)>& begin_early = {});

struct JudgeOptions {
  bool hidden = false, show_output = false, in_process = false;
  bool quiet = false;                  ///< no text from the checker
  bool kernels_last = false;           ///< as in grading: host code in the simulator sees no values
  bool check_tolerances = false;       ///< a test whose tolerance admits twice or half of a value fails
  bool forged_meter = false;           ///< workspace is what the kernel counts, and nothing else
  bool meter = false, on_gpu = false;  ///< CUDA lessons: show the counts; run on a GPU
  int seed = 1;
  std::vector<std::string> tests;                    ///< exact names; empty: all public ones
  std::vector<std::string> first;                    ///< those begin; there may be none of that name
  int jobs = 1;                                      ///< tests that run side by side
  int most_told = 0;                                 ///< failures told in full, the others in a line each; 0: all
  std::function<void(std::string_view)> on_event{};  ///< gets each line of the report as soon as it is there
};

struct Judged {
  report::Report report;
  std::string problem;  ///< why it does not compile, ready to print; empty if it does
  std::string hash;     ///< content_hash() of what was compiled; empty if a file of the lesson was saved meanwhile
  Verdict verdict() const { return report.verdict; }
};

/// Builds and runs; the checker prints its text as it goes.
/// @throws Error when the workbook itself fails, which is never told as the student's fault.
Judged judge(const Workspace& workspace, const Lesson& lesson, const Implementation& impl, const JudgeOptions& options);

/// The same for what is built already, without a word; may be called from several threads.
/// @throws Error when the workbook itself fails
report::Report run_checks(const Workspace& workspace, const Lesson& lesson, const Implementation& impl,
                          const JudgeOptions& options);

struct CrashReport {
  std::string test;
  std::optional<Finding> finding;  ///< nothing if the sanitizers saw no fault
};

/// Runs the first crashed test of `report`, that of a run with these options, again under the sanitizers.
/// @returns nothing if no test crashed or the implementation cannot be built that way.
std::optional<CrashReport> explain_crash(const Workspace& workspace, const Lesson& lesson, const Implementation& impl,
                                         const report::Report& report, const JudgeOptions& options);

}  // namespace workbook::cli
