#pragma once
/// What is told about a test, and to whom. The one place where hidden tests are cut down to what students may know.

#include <string>
#include <vector>

#include "common/grading/gradebook/gradebook.h"

namespace workbook::grading {

enum class Audience { student, instructor };

/// How a test ended, as pages and gradebooks count it.
enum class Ending { passed, failed, error, skipped };

struct ShownTest {
  std::string name, function, group;
  bool hidden = false;
  bool called = true;  ///< false: a function had timed out in earlier tests; see `category`
  Ending ending = Ending::skipped;
  std::string category;  ///< "passed", "crashed", "timed out before", "did not report", "not handed in", "not graded"
  int points = 0, max_points = 0;
  std::string message, output;  ///< foreign text; always empty for a student's hidden tests
  std::string hint;             ///< the instructor's, for a hidden test that ran and did not pass
};

/// Every test of the lesson's list, whatever happened to it.
std::vector<ShownTest> shown_tests(const GradedLesson& lesson, const LessonGrade& grade, Audience audience);

/// One sentence on a lesson that has no result, or whose file does not compile; else "".
std::string explanation(const LessonGrade& grade);

/// Why the student has no total yet; "" if there is one.
std::string no_total(const StudentGrade& student);

/// "The tests gave 18 of 20 points, which come to 16.2 of 20 after ..."; "" where these are what counts.
std::string adjustment(const GradedLesson& lesson, const LessonGrade& grade);

/// "Handed in 2026-11-20 23:10 UTC, 1 day after the deadline of ...: 10 % taken off."; "" for who needed neither grace
/// nor an extension.
std::string lateness(const Gradebook& book, const StudentGrade& student, const LessonGrade& grade);

}  // namespace workbook::grading
