#include "common/grading/gradebook/shown_tests.h"

#include <algorithm>

#include <fmt/core.h>
#include <fmt/format.h>

namespace workbook::grading {

namespace {

Ending ending_of(std::optional<Verdict> verdict) {
  if (!verdict) return Ending::error;
  switch (*verdict) {
    case Verdict::passed:
      return Ending::passed;
    case Verdict::crashed:
    case Verdict::timed_out:
    case Verdict::out_of_memory:
    case Verdict::does_not_compile:
      return Ending::error;
    case Verdict::not_verifiable_here:
      return Ending::skipped;
    default:
      return Ending::failed;
  }
}

void tell_score(const report::Test& test, const LessonGrade& grade, ShownTest& out) {
  if (grade.standing != Standing::graded) {
    out.category = grade.standing == Standing::fault ? "not graded" : grade.refused ? "refused" : "not handed in";
    out.ending = grade.scored() ? Ending::failed : Ending::skipped;
    return;
  }
  const auto found = std::ranges::find(grade.result->tests, test.id, &TestScore::id);
  const TestScore score = found == grade.result->tests.end() ? TestScore{.id = test.id} : *found;
  out.ending = ending_of(score.verdict);
  out.category = score.verdict ? std::string(spoken(*score.verdict)) : "did not report";
  if (!score.called) out.category += " before";
  out.points = score.points(test);
  out.called = score.called;
  out.message = score.message;
  out.output = score.output;
}

/// How the student's deadline came from what was announced; "" if it is that.
std::string origin_of_deadline(const Policy& policy, const LessonGrade& grade) {
  std::vector<std::string> more;
  if (grade.extended && grade.announced) more.emplace_back("your extension");
  if (policy.grace.count() != 0)
    more.push_back(
        fmt::format("{} {} of grace", policy.grace.count(), policy.grace.count() == 1 ? "minute" : "minutes"));
  const std::string with = more.empty() ? "" : fmt::format(" with {}", fmt::join(more, " and "));
  if (!grade.announced) return fmt::format(" That deadline is your own{}.", with);
  if (more.empty()) return "";
  return fmt::format(" That deadline is the announced one of {}{}.", policy.zone.show(*grade.announced), with);
}

}  // namespace

std::vector<ShownTest> shown_tests(const GradedLesson& lesson, const LessonGrade& grade, Audience audience) {
  const auto all_hidden = std::ranges::count_if(lesson.tests, &report::Test::hidden);
  std::vector<ShownTest> tests;
  int hidden = 0;
  for (const report::Test& test : lesson.tests) {
    ShownTest told{.name = test.name, .function = test.function, .group = test.group, .hidden = test.hidden()};
    told.max_points = test.points;
    tell_score(test, grade, told);
    if (told.hidden) {
      ++hidden;
      const auto hint = lesson.hints.find(test.name);
      const bool ran = grade.standing == Standing::graded && told.called;  // a hint is not to be had for nothing
      if (ran && told.ending != Ending::passed && hint != lesson.hints.end()) told.hint = hint->second;
      if (audience == Audience::student) {
        told.name = fmt::format("hidden test {} of {}", hidden, all_hidden);
        told.message.clear();
        told.output.clear();
      }
    }
    tests.push_back(std::move(told));
  }
  return tests;
}

std::string explanation(const LessonGrade& grade) {
  switch (grade.standing) {
    case Standing::missing:
      return grade.reason == "not handed in" ? "Nothing was handed in." : "Not taken: " + grade.reason + ".";
    case Standing::fault:
      return "The grader itself failed here. That is no fault of the submission; it will be run again.";
    case Standing::graded:
      return grade.result->compiled ? "" : "The file does not compile, so no test could run.";
  }
  return "";
}

std::string no_total(const StudentGrade& student) {
  if (student.has_total()) return "";
  return student.pending() ? "There is no total yet: the grader itself failed in a lesson."
                           : "There is no total yet: something that you handed in was refused.";
}

std::string adjustment(const GradedLesson& lesson, const LessonGrade& grade) {
  const Hundredths of_tests = Hundredths{100} * grade.earned, most = Hundredths{100} * lesson.max_points();
  if (grade.standing != Standing::graded || !grade.result->compiled || (grade.score == of_tests && grade.max == most))
    return "";
  const std::string off =
      grade.penalty_percent == 0 ? "" : fmt::format(" after {} % are taken off", grade.penalty_percent);
  return fmt::format("The tests gave {} of {} points, which come to {} of {}{}.", grade.earned, lesson.max_points(),
                     shown(grade.score), shown(grade.max), off);
}

std::string lateness(const Gradebook& book, const StudentGrade& student, const LessonGrade& grade) {
  if (!grade.deadline || !student.submitted) return "";
  const bool late = grade.days_late != 0;
  if (!late && (!grade.announced || *student.submitted < *grade.announced + std::chrono::minutes(1))) return "";
  const Zone& zone = book.policy.zone;
  const std::string cost = grade.penalty_percent == 0     ? "nothing is taken off"
                           : grade.penalty_percent == 100 ? "too late to count"
                                                          : fmt::format("{} % taken off", grade.penalty_percent);
  const std::string deadline = zone.show(*grade.deadline),
                    handed_in = fmt::format("Handed in {}", zone.show(*student.submitted)),
                    origin = origin_of_deadline(book.policy, grade);
  if (!late) return fmt::format("{}, in time for the deadline of {}.{}", handed_in, deadline, origin);
  return fmt::format("{}, {} {} after the deadline of {}: {}.{}", handed_in, grade.days_late,
                     grade.days_late == 1 ? "day" : "days", deadline, cost, origin);
}

}  // namespace workbook::grading
