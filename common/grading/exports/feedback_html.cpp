#include <fmt/core.h>

#include "common/grading/exports/escape.h"
#include "common/grading/exports/exports.h"
#include "common/grading/exports/page.h"

namespace workbook::grading {

namespace {

struct Look {
  const char* mark;
  const char* colour;
};

Look look_of(const ShownTest& test) {
  if (test.ending == Ending::passed) return {"✓", "good"};
  const bool calm =
      test.ending == Ending::skipped || test.category == "not started" || test.category == "not handed in";
  return calm ? Look{"○", "calm"} : Look{"✗", "bad"};
}

std::string block(std::string_view text) { return fmt::format("<pre>{}</pre>\n", markup(text)); }

std::string test_item(const ShownTest& test) {
  const Look look = look_of(test);
  std::string item = fmt::format("<li><span class=\"mark {}\">{}</span><span class=\"points\">{} of {}</span>{}",
                                 look.colour, look.mark, test.points, test.max_points, markup(test.name));
  item += fmt::format(" <span class=\"muted\">{}</span>", markup(test.function));
  if (test.ending == Ending::passed) return item + "</li>\n";
  item += fmt::format(" <span class=\"{}\">{}</span>\n", look.colour, markup(test.category));
  if (!test.hint.empty()) item += fmt::format("<p class=\"hint\">Hint: {}</p>\n", markup(test.hint));
  // A stub says the same in every test; once is enough.
  if (!test.message.empty() && test.category != "not started") item += block(test.message);
  if (!test.output.empty())
    item += "<details><summary>What the program printed</summary>" + block(test.output) + "</details>\n";
  return item + "</li>\n";
}

const char* heading(const std::string& group) {
  if (group == "basic") return "Basic tests";
  return group == "advanced" ? "Advanced tests" : "Hidden tests";
}

std::string test_lists(const std::vector<ShownTest>& tests) {
  std::string text;
  for (const char* group : {"basic", "advanced", "hidden"}) {
    std::string items;
    for (const ShownTest& test : tests)
      if ((test.hidden ? "hidden" : test.group) == std::string_view(group)) items += test_item(test);
    if (!items.empty()) text += fmt::format("<h3>{}</h3>\n<ul class=\"tests\">\n{}</ul>\n", heading(group), items);
  }
  return text;
}

std::string lesson_section(const Gradebook& book, const StudentGrade& student, std::size_t i, Audience audience) {
  const GradedLesson& lesson = book.lessons[i];
  const LessonGrade& grade = student.lessons[i];
  std::string text =
      fmt::format("<h2 id=\"l{}\">{} {}</h2>\n", lesson.id.substr(0, 2), lesson.id.substr(0, 2), markup(lesson.title));
  if (grade.scored()) text += score_bar(grade.score, grade.max);
  for (const std::string& line : {explanation(grade), adjustment(lesson, grade), lateness(book, student, grade)})
    if (!line.empty()) text += fmt::format("<p class=\"note\">{}</p>\n", markup(line));
  if (grade.dropped) text += "<p class=\"note\">This lesson does not count: it is among the lowest.</p>\n";
  if (grade.standing == Standing::fault && audience == Audience::instructor) text += block(grade.reason);
  if (grade.standing != Standing::graded) return text;
  if (!grade.result->compiler_output.empty() && !grade.result->compiled)
    return text + block(grade.result->compiler_output);
  return text + test_lists(shown_tests(lesson, grade, audience));
}

std::string number_cell(const std::string& text) { return fmt::format("<td class=\"n\">{}</td>", text); }

std::string of_tests(const GradedLesson& lesson, const LessonGrade& grade) {
  return grade.standing == Standing::graded ? fmt::format("{} of {}", grade.earned, lesson.max_points()) : "";
}

/// What the tests gave has a column of its own where something else counts.
std::string overview(const Gradebook& book, const StudentGrade& student) {
  bool adjusted = false;
  for (std::size_t i = 0; i < book.lessons.size(); ++i)
    adjusted = adjusted || !adjustment(book.lessons[i], student.lessons[i]).empty();
  std::string rows;
  for (std::size_t i = 0; i < book.lessons.size(); ++i) {
    const LessonGrade& grade = student.lessons[i];
    const std::string number = book.lessons[i].id.substr(0, 2);
    rows += fmt::format("<tr><td><a href=\"#l{0}\">{0} {1}</a></td>", number, markup(book.lessons[i].title));
    if (adjusted) rows += number_cell(of_tests(book.lessons[i], grade));
    rows += number_cell(grade.scored()  ? shown(grade.score)
                        : grade.refused ? "refused"
                                        : "not graded") +
            number_cell(shown(grade.max)) + "</tr>\n";
  }
  return fmt::format(
      "<table><tr><th>Lesson</th>{}<th class=\"n\">points</th><th class=\"n\">of</th></tr>\n{}</table>\n",
      adjusted ? "<th class=\"n\">tests</th>" : "", rows);
}

}  // namespace

std::string feedback_html(const Gradebook& book, const StudentGrade& student, Audience audience) {
  const std::string name = called(*student.submission);
  std::string body = fmt::format("<h1>{}</h1>\n", markup(name));
  if (audience == Audience::instructor)
    body += fmt::format(
        "<p class=\"note\">For instructors: this page shows what hidden tests found. "
        "<a href=\"../students/{}/feedback.html\">What the student sees</a> · "
        "<a href=\"../summary.html\">The class</a></p>\n",
        markup(student.submission->student));
  if (student.submitted)
    body += fmt::format("<p class=\"muted\">Handed in {}</p>\n", markup(book.policy.zone.show(*student.submitted)));
  body += student.has_total() ? score_bar(student.score, student.max)
                              : fmt::format("<p class=\"note\">{}</p>\n", no_total(student));
  for (const std::string& remark : student.remarks) body += fmt::format("<p class=\"note\">{}</p>\n", markup(remark));
  if (audience == Audience::instructor)
    for (const std::string& aside : student.asides) body += fmt::format("<p class=\"note\">{}</p>\n", markup(aside));
  body += overview(book, student);
  for (std::size_t i = 0; i < book.lessons.size(); ++i) body += lesson_section(book, student, i, audience);
  return page(fmt::format("{}: {}", book.policy.assignment, name), body);
}

}  // namespace workbook::grading
