#include <regex>

#include "common/checker/catch.h"
#include "common/grading/exports/escape.h"
#include "common/grading/exports/exports.h"
#include "common/grading/tests/example_book.h"

using namespace workbook;
using namespace workbook::grading;

TEST_CASE("no cell runs in a spreadsheet, and every cell comes back") {
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\t1", "＝1", "|x"}) {
    INFO(formula);
    const auto rows = parse_csv(csv_row({formula, "x"}));
    CHECK(rows.at(0).at(0) == "'" + std::string(formula));
    CHECK(rows.at(0).at(1) == "x");
  }
  const std::string nasty = "a,\"b\"\r\n;c\n";
  CHECK(parse_csv(csv_row({nasty, "", " x "})) == std::vector<std::vector<std::string>>{{"a,\"b\"\n;c\n", "", " x "}});
  CHECK(csv_row({"plain", "12.5"}) == "plain,12.5\r\n");
  const std::string honest = "Doe-Roe, Ann; 4711|a=b\tc - d\n\"e\"";
  CHECK(parse_csv(csv_row({honest})).at(0).at(0) == honest);
}

TEST_CASE("no part of a row runs in a spreadsheet that separates cells in its own way") {
  Gradebook book = make_book();
  for (const std::string separator : {",", ";", "\t", "|", "\n"})
    for (const std::string blanks : {"", " ", "\"", "\"\" \"", "\u00a0", "\u3000", ";", "\r\n", "\t"})
      for (const std::string start : {"=", "+", "-", "@", "|", "＝", "＋", "－", "＠"})
        book.problems.push_back("not a submission: \"a" + separator + blanks + start +
                                "HYPERLINK(1)\", which is hidden");
  book.submissions[0].name = "Ann;=1";
  book.submissions[0].platform = "Moodle";
  apply_policy(book);
  const std::regex formula("[,;\t|\n](?:[ \"]|\u00a0|\u3000)*(?:[=+@|-]|＝|＋|－|＠)");
  for (const std::string& table : {problems_csv(book), grades_csv(book), canvas_csv(book), moodle_csv(book)}) {
    std::smatch found;
    INFO((std::regex_search(table, found, formula) ? found.str() + found.suffix().str().substr(0, 40) : ""));
    CHECK(found.empty());
  }
}

TEST_CASE("the tables have a row for each student, and sums that add up") {
  Gradebook book = make_book(R"({"lessons": {"01": {"points": 10}, "02": {"points": 10}}, "drop_lowest": 1})");
  book.results.graded[{"ada", "01_one"}].tests[0].verdict = Verdict::passed;
  apply_policy(book);
  const auto grades = parse_csv(grades_csv(book));
  REQUIRE(grades.size() == 2);
  CHECK(grades[0][0] == "student");
  CHECK(grades[0][1] == "score");
  CHECK(grades[0][2] == "max_score");
  CHECK(grades[1][0] == "ada");
  CHECK(grades[1][1] == "4");
  CHECK(grades[1][2] == "10");
  const auto canvas = parse_csv(canvas_csv(book));
  CHECK(canvas[1][0] == "    Points Possible");
  CHECK(canvas[1][5] == "10");
  CHECK(canvas[2][0] == "'=cmd|'/c calc'!A1 <b>");
  CHECK(canvas[2][3] == "'=cmd|'/c calc'!A1 <b>");
}

TEST_CASE("only Canvas's own number is a student's ID for Canvas") {
  Gradebook book = make_book();
  const auto cells = [&](const char* id, const char* platform) {
    book.submissions[0].lms_id = id;
    book.submissions[0].platform = platform;
    const auto row = parse_csv(canvas_csv(applied(book)))[2];
    return std::pair(row[1], row[3]);
  };
  CHECK(cells("4711", "Canvas") == std::pair<std::string, std::string>("4711", ""));
  CHECK(cells("4711", "Moodle") == std::pair<std::string, std::string>("", ""));
  CHECK(cells("jdoe", "Blackboard") == std::pair<std::string, std::string>("", "jdoe"));
}

TEST_CASE("a login is exported as the platform has it, not as files are named") {
  Gradebook book = make_book();
  Submission& jane = book.submissions[0];
  jane.student = "jane_example.org-13d855ce";
  jane.name = "jane@example.org";
  const auto row = [&] { return parse_csv(canvas_csv(applied(book)))[2]; };
  CHECK(row()[0] == "jane@example.org");
  CHECK(row()[3] == "jane@example.org");
  jane.name = "00042";
  CHECK(row()[3] == "00042");
  jane.name = "";
  CHECK(row()[3] == "jane_example.org-13d855ce");
}

TEST_CASE("what was refused is no zero: its cells stay empty, and it is said why") {
  Gradebook book = make_book();
  book.submissions.push_back({.student = "bob"});
  book.results.graded[{"bob", "01_one"}] = {"01_one", true, "", {{"01_one/a", Verdict::wrong, "", ""}}};
  const auto check = [&] {
    apply_policy(book);
    const auto grades = parse_csv(grades_csv(book)), canvas = parse_csv(canvas_csv(book));
    CHECK(grades[1][1].empty());
    CHECK(grades[1][3].empty());
    CHECK(grades[1][7].empty());
    CHECK_THAT(grades[1].back(), contains_text("refused: ") && contains_text("the score is left empty"));
    CHECK(canvas[2].back().empty());
    CHECK_THAT(problems_csv(book), contains_text(",class,\"something that ada handed in was refused"));
    CHECK_THAT(summary_html(book, {}), contains_text("canvas.csv"));
    CHECK_THAT(summary_html(book, {}), contains_text("<strong>?</strong>"));
    for (const std::string& page :
         {feedback_html(book, book.students[0], Audience::student), feedback_markdown(book, book.students[0])}) {
      CHECK_THAT(page, contains_text("There is no total yet: something that you handed in was refused."));
      CHECK_THAT(page, !contains_text("canvas.csv"));
    }
    // Bob handed in a wrong file and nothing for the second lesson: those are zeros.
    CHECK(grades[2][1] == "0");
    CHECK(grades[2][7] == "0");
    CHECK(canvas[3].back() == "0");
  };
  book.submissions[0].refused_files["02_two"] = "expected a file of at most 1 MiB";
  check();
  book.submissions[0].refused_files.clear();
  book.submissions[0].refused = "\"ada.zip\": damaged";
  book.results.graded.erase({"ada", "01_one"});
  check();
  CHECK_THAT(problems_csv(book), !contains_text("02 refused"));
}

TEST_CASE("a row whose time nobody knows says so") {
  Gradebook book = make_book(R"({"lessons": {"01": {"due": "2026-11-20 12:00"}, "02": {}}})");
  CHECK_THAT(parse_csv(grades_csv(applied(book)))[1].back(), contains_text("time unknown, taken as on time"));
  CHECK_FALSE(parse_csv(canvas_csv(applied(book)))[2].back().empty());
  book.submissions[0].marked_late = true;
  CHECK_THAT(parse_csv(grades_csv(applied(book)))[1].back(), contains_text("marked late"));
  book.submissions[0].submitted_at = Time{};
  CHECK_THAT(parse_csv(grades_csv(applied(book)))[1].back(), !contains_text("time unknown"));
}

TEST_CASE("Moodle's grading worksheet has the participants of the download, and no row without a score") {
  Gradebook book = make_book();
  CHECK(parse_csv(moodle_csv(applied(book))).size() == 1);
  Submission jane{.student = "Jane_Doe_4711", .name = "Jane Doe", .lms_id = "4711", .platform = "Moodle"};
  book.submissions.push_back(jane);
  jane.student = "Jim_Doe_4712";
  jane.refused = "damaged";
  book.submissions.push_back(jane);
  book.results.graded[{"Jane_Doe_4711", "01_one"}] = {"01_one", true, "", {{"01_one/a", Verdict::passed, "", ""}}};
  CHECK(parse_csv(moodle_csv(applied(book))) ==
        std::vector<std::vector<std::string>>{{"Identifier", "Full name", "Grade", "Last modified (grade)"},
                                              {"Participant 4711", "Jane Doe", "2", ""}});
}
