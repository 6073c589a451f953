#include <fmt/core.h>

#include "common/grading/exports/escape.h"
#include "common/grading/exports/exports.h"
#include "common/grading/exports/page.h"

namespace workbook::grading {

namespace {

std::string test_item(const ShownTest& test) {
  const char* mark = test.ending == Ending::passed ? "✓" : test.ending == Ending::skipped ? "○" : "✗";
  std::string item = fmt::format("- {} {} ({} of {})", mark, markdown(test.name), test.points, test.max_points);
  if (test.ending == Ending::passed) return item + "\n";
  if (test.hidden) item += " of " + markdown(test.function);
  item += fmt::format(": **{}**\n", markdown(test.category));
  if (!test.hint.empty()) item += fmt::format("\n  Hint: {}\n", markdown(test.hint));
  return item;
}

/// Blocks stand below the list, where no indentation can break them.
std::string details(const ShownTest& test) {
  if (test.ending == Ending::passed || test.category == "not started") return "";
  std::string text;
  if (!test.message.empty()) text += fmt::format("\n**{}**\n\n{}", markdown(test.name), markdown_block(test.message));
  if (!test.output.empty())
    text += fmt::format("\nWhat the program printed in {}:\n\n{}", markdown(test.name), markdown_block(test.output));
  return text;
}

std::string lesson_section(const Gradebook& book, const StudentGrade& student, std::size_t i) {
  const GradedLesson& lesson = book.lessons[i];
  const LessonGrade& grade = student.lessons[i];
  std::string text = fmt::format("\n## {} {}\n\n", lesson.id.substr(0, 2), markdown(lesson.title));
  if (grade.scored()) text += fmt::format("**{}** of {} points\n\n", shown(grade.score), shown(grade.max));
  for (const std::string& line : {explanation(grade), adjustment(lesson, grade), lateness(book, student, grade)})
    if (!line.empty()) text += markdown(line) + "\n\n";
  if (grade.dropped) text += "This lesson does not count: it is among the lowest.\n\n";
  if (grade.standing != Standing::graded) return text;
  if (!grade.result->compiled) return text + markdown_block(grade.result->compiler_output);
  std::string more;
  for (const ShownTest& test : shown_tests(lesson, grade, Audience::student)) {
    text += test_item(test);
    more += details(test);
  }
  return text + more;
}

}  // namespace

std::string feedback_markdown(const Gradebook& book, const StudentGrade& student) {
  std::string text = fmt::format("# {}\n\n", markdown(called(*student.submission)));
  if (student.submitted) text += fmt::format("Handed in {}\n\n", book.policy.zone.show(*student.submitted));
  text += student.has_total() ? fmt::format("**{}** of {} points\n", shown(student.score), shown(student.max))
                              : no_total(student) + "\n";
  for (const std::string& remark : student.remarks) text += fmt::format("\n> {}\n", markdown(remark));
  for (std::size_t i = 0; i < book.lessons.size(); ++i) text += lesson_section(book, student, i);
  return text;
}

}  // namespace workbook::grading
