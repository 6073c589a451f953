/// `grade`: a class from what was handed in to grades.

#include <unistd.h>

#include <algorithm>
#include <thread>

#include <fmt/core.h>
#include <fmt/format.h>

#include "common/grading/judging/class_run.h"
#include "common/grading/judging/sample_class.h"
#include "common/grading/program.h"
#include "common/report/verdict.h"
#include "common/system/errors.h"
#include "common/system/terminal.h"

namespace workbook::grading {

namespace {

using system::Ink;
using system::paint;

/// "1 student", "2 students"
std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

int print_example_policy(const workspace::Workspace& workspace) {
  std::vector<std::string> ids;
  for (const workspace::Lesson& lesson : workspace::read_catalog(workspace).lessons) ids.push_back(lesson.id);
  fmt::print("{}", example_policy(ids));
  return 0;
}

int make_sample_class(const workspace::Workspace& workspace, const GradeOptions& options) {
  const workspace::Catalog catalog = workspace::read_catalog(workspace);
  std::vector<workspace::Lesson> lessons;
  for (const workspace::Lesson& lesson : catalog.lessons) {
    const auto meant = [&](const std::string& name) { return catalog.find(name).id == lesson.id; };
    if (options.run.lessons.empty() || std::ranges::any_of(options.run.lessons, meant)) lessons.push_back(lesson);
  }
  write_sample_class(workspace, lessons, options.sample_class, options.students, 1);
  fmt::print("A made-up class of {} is in {}.\n", options.students, workspace::shown(options.sample_class));
  return 0;
}

void print_changes(const std::vector<Change>& all) {
  constexpr std::size_t kMost = 20;
  std::vector<Change> changes;
  std::vector<std::string> gone;
  for (const Change& change : all) {
    if (change.gone())
      gone.push_back(change.student);
    else
      changes.push_back(change);
  }
  if (!changes.empty()) fmt::print("\n{} changed since the last run:\n", counted(changes.size(), "grade"));
  for (std::size_t i = 0; i < std::min(kMost, changes.size()); ++i)
    fmt::print("  {} {}: {} -> {} points ({})\n", changes[i].student, changes[i].lesson,
               shown(changes[i].before.value_or(0)), shown(*changes[i].after), changes[i].because);
  if (changes.size() > kMost) fmt::print("  ... and {} more, in changes.csv\n", changes.size() - kMost);
  if (!gone.empty()) fmt::print("No longer among the submissions: {}\n", fmt::join(gone, ", "));
}

void print_counts(const ClassResult& result) {
  const std::string equal =
      result.equal == 0 ? "" : fmt::format(", {} equal to {}", result.equal, result.judged == 1 ? "it" : "one of them");
  fmt::print("{}, {}: {} judged now{}, {} from an earlier run.\n", counted(result.book.students.size(), "student"),
             counted(result.book.lessons.size(), "lesson"), counted(result.judged, "submitted lesson"), equal,
             result.kept);
}

void print_lessons_of_nobody(const ClassResult& result) {
  if (result.nobodys.empty()) return;
  const std::string numbers = fmt::format("{}", fmt::join(result.nobodys, " "));
  if (result.nobodys_count)
    fmt::print("Nobody handed in these lessons, which count as zero: {}\n", numbers);
  else
    fmt::print("Nobody handed in these lessons, which are left out: {} (name lessons with --lesson or in the policy)\n",
               numbers);
}

/// Whose score is left empty because of what they handed in. Those that the grader failed on are told last of all.
void print_refused(const Gradebook& book) {
  constexpr std::size_t kMost = 20;
  std::vector<std::string> refused;
  for (const StudentGrade& student : book.students)
    if (!student.has_total() && !student.pending()) refused.push_back(student.submission->student);
  if (refused.empty()) return;
  const std::string more = refused.size() > kMost ? fmt::format(", ... and {} more", refused.size() - kMost) : "";
  const std::size_t all = refused.size();
  refused.resize(std::min(all, kMost));
  fmt::print("{} without a score, because something was refused: {}{}\n", counted(all, "student"),
             fmt::join(refused, ", "), more);
}

void print_result(const ClassResult& result, const fs::path& out) {
  const Gradebook& book = result.book;
  std::size_t remarks = book.problems.size();
  for (const StudentGrade& student : book.students) remarks += student.remarks.size() + student.asides.size();
  print_counts(result);
  if (!result.sandbox.empty()) fmt::print("Sandbox: {}\n", result.sandbox);
  print_changes(result.changes);
  print_lessons_of_nobody(result);
  print_refused(book);
  const auto unknown = static_cast<std::size_t>(std::ranges::count_if(book.students, &StudentGrade::time_unknown));
  if (unknown != 0) fmt::print("{}: time of handing in unknown, taken as on time\n", counted(unknown, "student"));
  if (remarks != 0) fmt::print("{}, in problems.csv\n", counted(remarks, "remark"));
  fmt::print("\nThe class:   {}\nGrades:      {}\nFor students: {}\n", workspace::shown(out / "summary.html"),
             workspace::shown(out / "grades.csv"), workspace::shown(out / "students"));
  if (fs::exists(out / "leaderboard.html")) fmt::print("Leaderboard: {}\n", workspace::shown(out / "leaderboard.html"));
  for (const std::string& problem : result.not_measured) fmt::print("  {}\n", problem);
}

}  // namespace

int commands::grade(const GradeOptions& options) {
  const workspace::Workspace workspace = workspace::find_workspace();
  if (options.example_policy) return print_example_policy(workspace);
  if (!options.sample_class.empty()) return make_sample_class(workspace, options);
  const ClassResult result = grade_class(workspace, options.run);
  print_result(result, options.run.out);
  const std::size_t faults = result.book.results.faults.size();
  if (faults == 0) return 0;
  fmt::print("{}", paint(Ink::red, fmt::format("\n{} could not be graded, which is no fault of the students:\n",
                                               counted(faults, "submitted lesson"))));
  for (const auto& [what, why] : result.book.results.faults) fmt::print("  {} {}: {}\n", what.first, what.second, why);
  fmt::print("Everything else is written. The same command tries these again.\n");
  return kExitFault;
}

}  // namespace workbook::grading
