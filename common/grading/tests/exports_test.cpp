#include <cctype>

#include "common/checker/catch.h"
#include "common/grading/exports/display.h"
#include "common/grading/exports/escape.h"
#include "common/grading/exports/exports.h"
#include "common/grading/gradebook/shown_tests.h"
#include "common/grading/tests/example_book.h"
#include "common/system/json.h"

using namespace workbook;
using namespace workbook::grading;

namespace {

/// The texts that a student gets.
std::vector<std::string> student_texts(const Gradebook& book) {
  const StudentGrade& ada = book.students.at(0);
  return {gradescope_json(book, ada), junit_xml(book, ada), feedback_html(book, ada, Audience::student),
          feedback_markdown(book, ada)};
}

bool has_control_character(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\r') || c == 0x7f; });
}

}  // namespace

TEST_CASE("text is made harmless and stays readable") {
  CHECK(defused("a\tb\nä €😀") == "a\tb\nä €😀");
  CHECK(defused("\x1b[31m") == "␛[31m");
  CHECK(defused(std::string_view("a\0b", 3)) == "a␀b");
  CHECK(defused("a\r\nb\rc") == "a\nb␍c");
  CHECK(defused("\xff\xc0\xaf\xed\xa0\x80") == "������");
  CHECK(defused("\xe2\x82") == "��");
  CHECK(defused("abc\u202edef\u200b") == "abc<U+202E>def<U+200B>");
  CHECK(defused("\u0085\ufffe") == "<U+0085>�");
  CHECK(markup("<a href=\"x\" b='y'>&") == "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
  CHECK(markdown("a*b_`<x>`\n# c") == "a\\*b\\_\\`\\<x\\>\\` \\# c");
  CHECK(markdown("log_sum_exp of _x_, http://y") == "log_sum_exp of \\_x\\_, http\\://y");
  CHECK(markdown_block("x\n```\ny````") == "`````text\nx\n```\ny````\n`````\n");
}

TEST_CASE("nothing of a hidden test but category, points and hint reaches a student") {
  const Gradebook book = applied(make_book());
  for (const std::string& text : student_texts(book)) {
    CHECK_THAT(text, !contains_text(kSecret));
    CHECK_THAT(text, contains_text("hidden test 1 of 1"));
    CHECK_THAT(text, contains_text("Think of rows without keys"));
    CHECK_THAT(text, contains_text("wrong"));
  }
  CHECK_THAT(feedback_html(book, book.students[0], Audience::instructor), contains_text(kSecret));
}

TEST_CASE("foreign text is no markup anywhere") {
  const Gradebook book = applied(make_book());
  const StudentGrade& ada = book.students[0];
  for (const std::string& text : {junit_xml(book, ada), feedback_html(book, ada, Audience::student),
                                  summary_html(book, {}), feedback_html(book, ada, Audience::instructor)}) {
    CHECK_THAT(text, !contains_text("<script"));
    CHECK_THAT(text, !contains_text("<b>"));
    CHECK_FALSE(has_control_character(text));
  }
  const std::string markdown_page = feedback_markdown(book, ada);
  CHECK_THAT(markdown_page, contains_text("\n````text\n</pre>"));
  CHECK_FALSE(has_control_character(markdown_page));
}

TEST_CASE("Gradescope gets plain text, hidden tests hidden, and a score") {
  const Gradebook book = applied(make_book());
  const auto document = nlohmann::json::parse(gradescope_json(book, book.students[0]));
  CHECK(document.at("score") == 0.0);
  CHECK(document.at("output_format") == "text");
  REQUIRE(document.at("tests").size() == 3);
  for (const auto& test : document.at("tests")) CHECK(test.at("output_format") == "text");
  CHECK(document["tests"][0]["visibility"] == "visible");
  CHECK(document["tests"][0]["status"] == "failed");
  CHECK(document["tests"][1]["visibility"] == "hidden");
  CHECK(document["tests"][1]["max_score"] == 3);
}

TEST_CASE("JUnit has every test of the list; a crash is an error") {
  const Gradebook book = applied(make_book());
  const std::string xml = junit_xml(book, book.students[0]);
  CHECK_THAT(xml, contains_text("<testsuites name=\"ada\" tests=\"3\" failures=\"2\" errors=\"1\" skipped=\"0\">"));
  CHECK_THAT(xml, contains_text("<error type=\"crashed\""));
  CHECK_THAT(xml, contains_text("<failure type=\"not handed in\""));
}

TEST_CASE("tests of a refused file are skipped, not failed") {
  Gradebook book = make_book();
  book.submissions[0].refused_files["02_two"] = "expected at most 1 MiB";
  apply_policy(book);
  const std::string xml = junit_xml(book, book.students[0]);
  CHECK_THAT(xml, contains_text("<testsuite name=\"02_two\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\">"));
  CHECK_THAT(xml, contains_text("<skipped message=\"refused\"/>"));
}

TEST_CASE("a lesson's refused file is told to the instructor, and once to the student") {
  Gradebook book = make_book();
  book.submissions[0].refused_files["02_two"] = "expected a file called two.cpp, found \"Two.cpp\"";
  apply_policy(book);
  const std::string told = "02 refused: expected a file called two.cpp";
  CHECK_THAT(parse_csv(grades_csv(book))[1].back(), contains_text(told) && !contains_text("nothing for"));
  CHECK_THAT(problems_csv(book), contains_text(told));
  CHECK_THAT(summary_html(book, {}), contains_text(told));
  CHECK_THAT(feedback_html(book, book.students[0], Audience::instructor), contains_text(told));
  for (const std::string& text : student_texts(book)) CHECK_THAT(text, !contains_text(told));
  CHECK_THAT(feedback_markdown(book, book.students[0]), contains_text("Not taken: expected a file called"));
}

TEST_CASE("what the platform does not tell of the time is said to the instructor only") {
  Gradebook book = make_book(R"({"lessons": {"01": {"due": "2026-11-20 12:00"}, "02": {}}})");
  book.submissions[0].marked_late = true;
  apply_policy(book);
  CHECK(book.students[0].time_unknown());
  const std::string told = "the platform marked this late";
  CHECK_THAT(problems_csv(book), contains_text(told));
  CHECK_THAT(summary_html(book, {}), contains_text(told));
  CHECK_THAT(feedback_html(book, book.students[0], Audience::instructor), contains_text(told));
  for (const std::string& text : student_texts(book)) CHECK_THAT(text, !contains_text(told));
  book.policy.submitted["ada"] = *book.students[0].lessons[0].deadline;
  apply_policy(book);
  CHECK_FALSE(book.students[0].time_unknown());
}

TEST_CASE("a fault of the grader is nobody's zero") {
  Gradebook book = make_book();
  book.results.graded.clear();
  book.results.faults[{"ada", "01_one"}] = "the checker did not start";
  apply_policy(book);
  CHECK(book.students[0].pending());
  const auto grades = parse_csv(grades_csv(book));
  CHECK(grades[1][1].empty());
  CHECK(grades[1][6].empty());
  CHECK_THAT(grades[1].back(), contains_text("grader fault in 01: run grade again"));
  CHECK(parse_csv(canvas_csv(book))[2].back().empty());
  CHECK_FALSE(nlohmann::json::parse(gradescope_json(book, book.students[0])).contains("score"));
  CHECK_THAT(feedback_html(book, book.students[0], Audience::student), !contains_text("did not start"));
}

TEST_CASE("deadlines, extensions and grace come to the penalty") {
  const std::string policy = R"({"lessons": {"01": {"points": 10, "due": "2026-11-20 12:00"}}, "grace_minutes": 10,
    "late": {"percent_per_day": 20}, )";
  const auto penalty = [&](const std::string& more, const char* submitted) {
    Gradebook book = make_book(policy + R"("submitted": {"ada": ")" + submitted + "\"}" + more + "}");
    apply_policy(book);
    return book.students[0].lessons[0].penalty_percent;
  };
  CHECK(penalty("", "2026-11-20 12:10") == 0);
  CHECK(penalty("", "2026-11-20 12:11") == 20);
  CHECK(penalty("", "2026-11-21 12:11") == 40);
  CHECK(penalty("", "2027-11-21 12:11") == 100);
  CHECK(penalty(R"(, "extensions": {"ada": {"days": 1}})", "2026-11-21 12:10") == 0);
  CHECK(penalty(R"(, "extensions": {"ada": {"days": 1}})", "2026-11-21 12:11") == 20);
  CHECK(penalty(R"(, "extensions": {"ada": {"01": "2026-12-01 00:00"}})", "2026-12-01 00:10") == 0);
  CHECK(penalty(R"(, "extensions": {"ada": {"days": 3, "01": "2026-11-19 12:00"}})", "2026-11-20 12:00") == 20);
}

TEST_CASE("feedback shows the points of the tests beside those that count") {
  const auto texts = [](const std::string& policy) {
    Gradebook book = make_book(policy);
    book.results.graded[{"ada", "01_one"}].tests[1].verdict = Verdict::passed;
    apply_policy(book);
    const StudentGrade& ada = book.students[0];
    return std::vector<std::string>{feedback_html(book, ada, Audience::student), feedback_markdown(book, ada),
                                    gradescope_json(book, ada)};
  };
  for (const std::string& text : texts(R"({"lessons": {"01": {"points": 10, "due": "2026-11-20 12:00"}, "02": {}},
    "late": {"percent_per_day": 10}, "submitted": {"ada": "2026-11-20 18:00"}})"))
    CHECK_THAT(text, contains_text("The tests gave 3 of 5 points, which come to 5.4 of 10 after 10 % are taken off."));
  for (const std::string& text : texts(R"({"lessons": {"01": {"points": 10}}})"))
    CHECK_THAT(text, contains_text("The tests gave 3 of 5 points, which come to 6 of 10."));
  for (const std::string& text : texts("{}")) CHECK_THAT(text, !contains_text("The tests gave"));
  CHECK_THAT(texts(R"({"lessons": {"01": {"points": 10}}})")[0], contains_text("<td class=\"n\">3 of 5</td>"));
}

TEST_CASE("feedback shows the announced deadline beside the one that counts") {
  const auto told = [](const std::string& more, const char* submitted) {
    const Gradebook book = applied(make_book(R"({"lessons": {"01": {"due": "2026-11-20 12:00"}, "02": {}},
      "late": {"percent_per_day": 10}, "submitted": {"ada": ")" +
                                             std::string(submitted) + "\"}" + more + "}"));
    const std::string text = lateness(book, book.students[0], book.students[0].lessons[0]);
    for (const std::string& page : {feedback_markdown(book, book.students[0]), gradescope_json(book, book.students[0])})
      CHECK_THAT(page, contains_text(text));
    return text;
  };
  const std::string grace = R"(, "grace_minutes": 15)", days = R"(, "extensions": {"ada": {"days": 1}})";
  CHECK(told("", "2026-11-20 18:00") ==
        "Handed in 2026-11-20 18:00 UTC, 1 day after the deadline of 2026-11-20 12:00 UTC: 10 % taken off.");
  CHECK(
      told(grace, "2026-11-20 18:00") ==
      "Handed in 2026-11-20 18:00 UTC, 1 day after the deadline of 2026-11-20 12:15 UTC: 10 % taken off. That deadline "
      "is the announced one of 2026-11-20 12:00 UTC with 15 minutes of grace.");
  CHECK(told(grace + days, "2026-11-21 12:10") ==
        "Handed in 2026-11-21 12:10 UTC, in time for the deadline of 2026-11-21 12:15 UTC. That deadline is the "
        "announced "
        "one of 2026-11-20 12:00 UTC with your extension and 15 minutes of grace.");
  CHECK(told(R"(, "extensions": {"ada": {"02": "2026-11-19 12:00"}})", "2026-11-20 11:00").empty());
  CHECK(told(grace, "2026-11-20 12:00").empty());
  const Gradebook own = applied(make_book(R"({"extensions": {"ada": {"01": "2026-11-19 12:00"}},
    "late": "cutoff", "submitted": {"ada": "2026-11-20 18:00"}})"));
  CHECK(lateness(own, own.students[0], own.students[0].lessons[0]) ==
        "Handed in 2026-11-20 18:00 UTC, 2 days after the deadline of 2026-11-19 12:00 UTC: too late to count. That "
        "deadline is your own.");
}

TEST_CASE("a misspelt student and a missing time are told") {
  const Gradebook book = applied(make_book(R"({"lessons": {"01": {"due": "2026-11-20 12:00"}, "02": {}},
    "extensions": {"adda": {"days": 1}}})"));
  REQUIRE(book.problems.size() == 2);
  CHECK_THAT(book.problems[0], contains_text("adda, who handed nothing in"));
  CHECK_THAT(book.problems[1], contains_text("nothing tells when ada handed in"));
}

TEST_CASE("progress says what is done, what runs and what is left") {
  Display display(4, 2);
  display.started(0, "ada 01");
  display.started(1, "bob 01");
  CHECK(display.line(std::chrono::seconds(10)) == "0 of 4 done: ada 01 · bob 01");
  display.finished(0, "1 of 2 points");
  CHECK(display.line(std::chrono::seconds(10)) == "1 of 4 done, about 30 s left: bob 01");
  display.failed(1, "no sandbox", true);
  display.started(1, "bob 01");
  display.failed(1, "no sandbox", false);
  CHECK(display.line(std::chrono::seconds(600)) == "2 of 4 done, 1 fault, about 10 min left");
}

TEST_CASE("a hint is for who has tried") {
  const GradedLesson lesson{"01_one", "One", {{"01_one/a", "a", "hidden", "f", 2}}, {{"a", "Count from the end."}}};
  const LessonResult result{"01_one", true, "", {{"01_one/a", Verdict::wrong, "", ""}}};
  CHECK(shown_tests(lesson, {.standing = Standing::graded, .result = &result}, Audience::student)[0].hint ==
        "Count from the end.");
  CHECK(shown_tests(lesson, {.standing = Standing::missing}, Audience::student)[0].hint.empty());
}
