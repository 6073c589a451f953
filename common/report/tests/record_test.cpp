/// What is written can be read, and a report that no checker has written cannot.

#include "common/report/record.h"
#include "common/checker/catch.h"
#include "common/system/json.h"

using namespace workbook;
using report::read_report;

namespace {

report::Result result(const std::string& id, Verdict verdict) {
  report::Result made;
  made.id = id;
  made.name = "name of " + id;
  made.group = "advanced";
  made.function = "f";
  made.points = 3;
  made.tags = {"advanced", "f", "3pt"};
  made.verdict = verdict;
  made.message = "m";
  made.output = "any \xff bytes";
  return made;
}

std::string whole_report() {
  const report::Report totals{
      .tests = {}, .verdict = Verdict::wrong, .passed = 1, .total = 2, .points = 3, .max_points = 6, .problem = {}};
  return report::run_line("x", "plugin", 1, 2) + "\n" +
         report::test_line(result("x/a", Verdict::passed), {{"duration_s", 0.5}}) + "\n" +
         report::test_line(result("x/b", Verdict::wrong), {}) + "\n" + report::end_line(totals) + "\n";
}

}  // namespace

TEST_CASE("a report is read as it was written", "[report]") {
  const report::Report read = read_report(whole_report());
  CHECK(read.complete);
  CHECK(read.verdict == Verdict::wrong);
  CHECK(read.points == 3);
  CHECK(read.max_points == 6);
  REQUIRE(read.tests.size() == 2);
  CHECK(read.tests[0].earned() == 3);
  CHECK(read.tests[1].earned() == 0);
  CHECK(read.tests[1].group == "advanced");
  CHECK(read.tests[1].has_tag("3pt"));
  CHECK_FALSE(read.tests[1].has_tag("pt"));
  CHECK(nlohmann::json::parse(read.tests[0].json).at("duration_s") == 0.5);
}

TEST_CASE("a report that is cut off anywhere is not complete and says why", "[report]") {
  const std::string whole = whole_report();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const report::Report read = read_report(whole.substr(0, length));
    INFO(length);
    CHECK_FALSE(read.complete);
    CHECK_FALSE(read.problem.empty());
  }
}

TEST_CASE("a list of tests is read as it was written", "[report]") {
  const auto read = report::list_from_json(report::list_to_json({result("x/a", Verdict::passed)}));
  REQUIRE(read.size() == 1);
  CHECK(read[0].name == "name of x/a");
  CHECK(read[0].points == 3);
  CHECK(read[0].tags.size() == 3);
  CHECK_THROWS_AS(report::list_from_json("[{}]"), std::runtime_error);
  CHECK_THROWS_AS(report::list_from_json("no list"), std::runtime_error);
}

TEST_CASE("tests whose names are the same but for case and punctuation are refused", "[report]") {
  const report::Test one{.id = "x/one", .name = "one"}, same{.id = "x/one", .name = "One!"};
  CHECK_NOTHROW(report::expect_different_ids({one, {.id = "x/two", .name = "two"}}));
  CHECK_THROWS_WITH(report::expect_different_ids({one, same}),
                    "expected test names that differ in more than case and punctuation, found \"one\" and \"One!\"");
}
