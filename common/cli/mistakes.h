#pragma once
/// The mistakes of a lesson, and the proof that its tests catch them.

#include <string>
#include <vector>

#include "common/cli/command.h"
#include "common/cli/judge.h"
#include "common/cli/lesson_checks.h"
#include "common/mistake/mistake.h"

namespace workbook::cli {

constexpr int kMostChangedLines = 10;

struct LessonMistake {
  std::string name;
  mistake::Mistake says;
  mistake::Sources sources;  ///< the wrong solution; empty if the diff does not apply
  Problems problems;         ///< ready to print

  std::string target(const Lesson& lesson) const { return lesson.id + ".mistake." + name; }
};

/// Is it of lower-case letters, digits and underscores, as the name of a mistake has to be?
bool is_snake_case(const std::string& name);

/// solutions/NN_name/mistakes/NAME.diff
fs::path mistake_file(const Workspace& workspace, const Lesson& lesson, const std::string& name);

/// solutions/NN_name
fs::path solution_folder(const Workspace& workspace, const Lesson& lesson);

/// The solution's files. @throws Error that names the one that is missing
mistake::Sources read_solution(const Workspace& workspace, const Lesson& lesson);

/// All of them, by name, with what their files alone give away: a header that lacks something, a diff that does not
/// apply or changes too much, two mistakes that are equal.
std::vector<LessonMistake> read_mistakes(const Workspace& workspace, const Lesson& lesson);

/// The flavours that a mistake has to be built in besides the first: those that the test which catches it loads.
/// `tests`: what the solution was judged by.
std::vector<std::string> flavours_needed(const Lesson& lesson, const std::vector<report::Result>& tests,
                                         const LessonMistake& mistake);

/// Runs the test that each applicable mistake names and a public test that it passes, on all cores, and adds what is
/// not as its header says. Everything has to be built, in flavours_needed(). `tests`: what the solution was judged by.
void check_mistakes(const Workspace& workspace, const Lesson& lesson, const std::vector<report::Result>& tests,
                    std::vector<LessonMistake>& mistakes);

/// What is not as the header says in a judged mistake; `report` has the named test at least.
Problems untrue_in(const mistake::Mistake& says, const report::Report& report);

/// Does `report` have a test that students can see and that passed?
bool passes_public_test(const report::Report& report);

}  // namespace workbook::cli
