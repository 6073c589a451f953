#include <algorithm>

#include <fmt/core.h>

#include "common/grading/exports/escape.h"
#include "common/grading/exports/exports.h"
#include "common/grading/exports/page.h"

namespace workbook::grading {

namespace {

/// Score of every student that has a total, ascending.
std::vector<double> percentages(const Gradebook& book) {
  std::vector<double> percent;
  for (const StudentGrade& student : book.students)
    if (student.has_total() && student.max != 0)
      percent.push_back(100 * static_cast<double>(student.score) / static_cast<double>(student.max));
  std::ranges::sort(percent);
  return percent;
}

std::string figures_of(const Gradebook& book) {
  const std::vector<double> percent = percentages(book);
  std::string text =
      fmt::format("{} {}, {} {}", book.students.size(), book.students.size() == 1 ? "student" : "students",
                  book.lessons.size(), book.lessons.size() == 1 ? "lesson" : "lessons");
  if (percent.empty()) return text;
  double sum = 0;
  for (const double p : percent) sum += p;
  const std::size_t middle = percent.size() / 2;
  const double median = percent.size() % 2 != 0 ? percent[middle] : (percent[middle - 1] + percent[middle]) / 2;
  return text + fmt::format(" · mean {:.1f} % · median {:.1f} % · from {:.1f} % to {:.1f} %",
                            sum / static_cast<double>(percent.size()), median, percent.front(), percent.back());
}

std::string student_link(const std::string& student, std::string_view text) {
  return fmt::format("<a href=\"instructor/{}.html\">{}</a>", markup(student), markup(text));
}

/// What somebody has to look at, first.
std::string attention(const Gradebook& book) {
  std::string items;
  for (const StudentGrade& student : book.students)
    for (std::size_t i = 0; i < book.lessons.size(); ++i)
      if (student.lessons[i].standing == Standing::fault)
        items += fmt::format("<li><span class=\"bad\">grader fault</span> {} in {}: run grade again</li>\n",
                             student_link(student.submission->student, called(*student.submission)),
                             markup(book.lessons[i].id));
  for (const std::string& problem : book.problems) items += fmt::format("<li>{}</li>\n", markup(problem));
  for (const StudentGrade& student : book.students)
    for (const auto& remarks : {student.remarks, student.asides})
      for (const std::string& remark : remarks)
        items += fmt::format("<li>{}: {}</li>\n",
                             student_link(student.submission->student, called(*student.submission)), markup(remark));
  return items.empty() ? "<p class=\"good\">Nothing needs your attention.</p>\n"
                       : "<h2>Needs your attention</h2>\n<ul>\n" + items + "</ul>\n";
}

std::string change_table(const std::vector<Change>& changes) {
  if (changes.empty()) return "";
  std::string rows;
  for (const Change& c : changes)
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"n\">{} → {}</td><td>{}</td><td>{}</td></tr>\n",
                        c.gone() ? markup(c.student) : student_link(c.student, c.student), markup(c.lesson),
                        c.before ? shown(*c.before) : "?", c.after ? shown(*c.after) : "–", markup(c.because),
                        markup(c.tests));
  return "<h2>Changed since the results before</h2>\n<div class=\"wide\"><table><tr><th>student</th><th>lesson</th>"
         "<th class=\"n\">grade</th><th>because</th><th>tests</th></tr>\n" +
         rows + "</table></div>\n";
}

std::string plots(const Gradebook& book) {
  const auto image = [](const std::string& file, const std::string& alternative) {
    return fmt::format("<figure><img src=\"{}\" alt=\"{}\"></figure>\n", file, markup(alternative));
  };
  std::string text = "<h2>Scores</h2>\n" + image("plots/scores.svg", "Students by share of the points");
  text += "<h2>Tests</h2>\n";
  for (const GradedLesson& lesson : book.lessons)
    text += image("plots/" + lesson.id + ".svg", "How the tests of " + lesson.id + " went");
  return text + "<h2>Time</h2>\n" + image("timing.svg", "The submitted lessons that took longest");
}

std::string class_table(const Gradebook& book) {
  std::string header = "<tr><th>student</th><th class=\"n\">score</th>";
  for (const GradedLesson& lesson : book.lessons)
    header += fmt::format("<th class=\"n\">{}</th>", lesson.id.substr(0, 2));
  std::string rows;
  for (const StudentGrade& student : book.students) {
    rows += fmt::format("<tr><td>{}</td><td class=\"n\"><strong>{}</strong></td>",
                        student_link(student.submission->student, called(*student.submission)),
                        student.has_total() ? shown(student.score) : "?");
    for (const LessonGrade& grade : student.lessons) {
      const std::string score = grade.standing == Standing::fault     ? "fault"
                                : grade.refused                       ? "refused"
                                : grade.standing == Standing::missing ? "–"
                                                                      : shown(grade.score);
      const bool none = grade.standing == Standing::graded && !grade.result->compiled;
      rows += fmt::format("<td class=\"n{}\">{}</td>", grade.dropped ? " muted" : none ? " bad" : "", score);
    }
    rows += "</tr>\n";
  }
  return "<h2>Students</h2>\n<p class=\"muted\">Red: does not compile. –: not handed in. ?: no score yet. Each name "
         "leads to the page with what hidden tests found.</p>\n<div class=\"wide\"><table>" +
         header + "</tr>\n" + rows + "</table></div>\n";
}

}  // namespace

std::string summary_html(const Gradebook& book, const std::vector<Change>& changes) {
  return page(
      book.policy.assignment + ": the class",
      fmt::format("<h1>{}</h1>\n<p class=\"muted\">{}</p>\n", markup(book.policy.assignment), figures_of(book)) +
          attention(book) + change_table(changes) + class_table(book) + plots(book));
}

}  // namespace workbook::grading
