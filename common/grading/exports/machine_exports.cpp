/// What other programs read about one student: Gradescope's results.json and JUnit XML.

#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "common/grading/exports/escape.h"
#include "common/grading/exports/exports.h"

namespace workbook::grading {

namespace {

using Json = nlohmann::ordered_json;

/// Everything one may read about a test, as plain text.
std::string text_of(const ShownTest& test) {
  std::string text = test.category;
  if (!test.hint.empty()) text += "\nHint: " + test.hint;
  if (!test.message.empty()) text += "\n" + test.message;
  if (!test.output.empty()) text += "\nYour program printed:\n" + test.output;
  return defused(text);
}

Json gradescope_test(const ShownTest& test, const std::string& number, const std::string& lesson, bool pending) {
  Json entry{{"name", defused(lesson + ": " + test.name)}, {"name_format", "text"}, {"number", number}};
  if (!pending) {
    entry["score"] = test.points;
    entry["max_score"] = test.max_points;
  }
  entry["status"] = test.ending == Ending::passed ? "passed" : "failed";
  entry["output"] = text_of(test);
  entry["output_format"] = "text";
  entry["tags"] = {test.group, test.function};
  entry["visibility"] = test.hidden ? "hidden" : "visible";
  return entry;
}

std::string overview(const Gradebook& book, const StudentGrade& student) {
  std::string text;
  for (std::size_t i = 0; i < book.lessons.size(); ++i) {
    const LessonGrade& grade = student.lessons[i];
    text += fmt::format("{}: ", book.lessons[i].id);
    text += grade.scored()  ? fmt::format("{} of {} points.", shown(grade.score), shown(grade.max))
            : grade.refused ? "refused."
                            : "not graded.";
    for (const std::string& more :
         {explanation(grade), adjustment(book.lessons[i], grade), lateness(book, student, grade)})
      if (!more.empty()) text += " " + more;
    if (grade.dropped) text += " This lesson does not count.";
    text += "\n";
    if (grade.standing == Standing::graded && !grade.result->compiled) text += grade.result->compiler_output + "\n";
  }
  for (const std::string& remark : student.remarks) text += "Note: " + remark + "\n";
  return defused(text);
}

/// Attributes may hold no line feeds that count; a reader turns them into blanks.
std::string attribute(std::string_view text) { return markup(text.substr(0, text.find('\n'))); }

std::string junit_case(const ShownTest& test, const std::string& lesson) {
  std::string body;
  const std::string detail = markup(text_of(test));
  if (test.ending == Ending::skipped)
    body = fmt::format("<skipped message=\"{}\"/>", attribute(test.category));
  else if (test.ending != Ending::passed) {
    const char* kind = test.ending == Ending::error ? "error" : "failure";
    body = fmt::format("<{0} type=\"{1}\" message=\"{1}\">{2}</{0}>", kind, attribute(test.category), detail);
  }
  const std::string open = fmt::format("    <testcase classname=\"{}\" name=\"{}\"",
                                       attribute(lesson + "." + test.function), attribute(test.name));
  return body.empty() ? open + "/>\n" : open + ">\n      " + body + "\n    </testcase>\n";
}

struct Counts {
  std::array<std::size_t, 4> by_ending{};
  std::size_t total = 0;

  void add(Ending ending) {
    ++by_ending.at(static_cast<std::size_t>(ending));
    ++total;
  }
  void add(const Counts& other) {
    for (std::size_t i = 0; i < by_ending.size(); ++i) by_ending.at(i) += other.by_ending.at(i);
    total += other.total;
  }
  std::string attributes() const {
    const auto of = [&](Ending e) { return by_ending.at(static_cast<std::size_t>(e)); };
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", total, of(Ending::failed),
                       of(Ending::error), of(Ending::skipped));
  }
};

}  // namespace

std::string gradescope_json(const Gradebook& book, const StudentGrade& student) {
  const bool pending = student.pending();
  Json tests = Json::array();
  for (std::size_t i = 0; i < book.lessons.size(); ++i) {
    const std::string& id = book.lessons[i].id;
    int number = 0;
    for (const ShownTest& test : shown_tests(book.lessons[i], student.lessons[i], Audience::student))
      tests.push_back(gradescope_test(test, fmt::format("{}.{}", id.substr(0, 2), ++number), id, pending));
  }
  Json document;
  // Without any score the platform asks for a person, which is right where the grader has failed.
  if (!pending) document["score"] = static_cast<double>(student.score) / 100;
  document["output"] = overview(book, student);
  document["output_format"] = "text";
  document["test_output_format"] = "text";
  document["test_name_format"] = "text";
  document["visibility"] = "visible";
  document["stdout_visibility"] = "hidden";
  document["tests"] = tests;
  return document.dump(1) + "\n";
}

std::string junit_xml(const Gradebook& book, const StudentGrade& student) {
  std::string suites;
  Counts all;
  for (std::size_t i = 0; i < book.lessons.size(); ++i) {
    std::string cases;
    Counts counts;
    for (const ShownTest& test : shown_tests(book.lessons[i], student.lessons[i], Audience::student)) {
      counts.add(test.ending);
      cases += junit_case(test, book.lessons[i].id);
    }
    suites +=
        fmt::format("  <testsuite name=\"{}\" {}>\n{}", attribute(book.lessons[i].id), counts.attributes(), cases);
    const LessonGrade& grade = student.lessons[i];
    if (grade.standing == Standing::graded && !grade.result->compiled)
      suites += fmt::format("    <system-err>{}</system-err>\n", markup(grade.result->compiler_output));
    suites += "  </testsuite>\n";
    all.add(counts);
  }
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n{}</testsuites>\n",
                     attribute(student.submission->student), all.attributes(), suites);
}

}  // namespace workbook::grading
