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
  if (!changes.empty()) fmt::print("\nNot as in the results before: {}\n", changes.size());
  for (std::size_t i = 0; i < std::min(kMost, changes.size()); ++i)
    fmt::print("  {} {}: {} -> {} points ({})\n", changes[i].student, changes[i].lesson,
               shown(changes[i].before.value_or(0)), shown(*changes[i].after), changes[i].because);
  if (changes.size() > kMost) fmt::print("  ... and {} more, in changes.csv\n", changes.size() - kMost);
  if (!gone.empty()) fmt::print("no longer there: {}\n", fmt::join(gone, ", "));
}

/// The numbers of lessons that no student handed in.
std::vector<std::string> lessons_of_nobody(const Gradebook& book) {
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < book.lessons.size(); ++i)
    if (std::ranges::all_of(book.students, [i](const StudentGrade& student) {
          return student.lessons[i].standing == Standing::missing;
        }))
      numbers.push_back(book.lessons[i].id.substr(0, 2));
  return numbers;
}

void print_result(const ClassResult& result, const fs::path& out) {
  const Gradebook& book = result.book;
  std::size_t remarks = book.problems.size();
  for (const StudentGrade& student : book.students) remarks += student.remarks.size() + student.asides.size();
  fmt::print("{} students, {} lessons: {} submitted lessons judged now, {} from an earlier run.\n",
             book.students.size(), book.lessons.size(), result.judged, result.kept);
  if (!result.sandbox.empty()) fmt::print("Sandbox: {}\n", result.sandbox);
  print_changes(result.changes);
  if (const auto missing = lessons_of_nobody(book); !missing.empty())
    fmt::print("Nobody handed in {}, which counts as zeros; --lesson names those that count.\n",
               fmt::join(missing, " "));
  if (const auto unknown = std::ranges::count_if(book.students, &StudentGrade::time_unknown); unknown != 0)
    fmt::print("{} students: time of handing in unknown, taken as on time\n", unknown);
  if (remarks != 0) fmt::print("{} remarks, in problems.csv\n", remarks);
  fmt::print("\nThe class:   {}\nGrades:      {}\nFor students: {}\n", workspace::shown(out / "summary.html"),
             workspace::shown(out / "grades.csv"), workspace::shown(out / "students"));
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
  fmt::print("{}",
             paint(Ink::red,
                   fmt::format("\n{} submitted lessons could not be graded, through no fault of theirs:\n", faults)));
  for (const auto& [what, why] : result.book.results.faults) fmt::print("  {} {}: {}\n", what.first, what.second, why);
  fmt::print("Everything else is written. The same command tries these again.\n");
  return kExitFault;
}

}  // namespace workbook::grading
