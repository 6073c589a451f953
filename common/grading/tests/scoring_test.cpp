#include "common/grading/gradebook/scoring.h"
#include "common/checker/catch.h"

using namespace workbook;
using namespace workbook::grading;

namespace {

const std::vector<report::Test> kList{{"x/a", "a", "basic", "f", 2}, {"x/b", "b", "hidden", "f", 3}};

const std::string kRun = R"({"event":"run","lesson":"x","tests":2})"
                         "\n";

std::string line(const std::string& id, const std::string& verdict, int points = 2) {
  return R"({"event":"test","id":")" + id + R"(","verdict":")" + verdict + R"(","points":)" + std::to_string(points) +
         R"(,"message":"m","output":"o"})"
         "\n";
}

std::string end(int total) { return R"({"event":"end","verdict":"wrong","total":)" + std::to_string(total) + "}\n"; }

Scored score(const std::string& report) { return score_report("x", kList, report); }

}  // namespace

TEST_CASE("what passed scores the points of the list, not those of the report") {
  const Scored scored = score(kRun + line("x/b", "passed", 1000) + line("x/a", "wrong", 1000) + end(2));
  REQUIRE(scored.fault.empty());
  CHECK(points(scored.result, kList) == 3);
  CHECK(max_points(kList) == 5);
  CHECK(scored.result.tests[0].verdict == Verdict::wrong);
  CHECK(scored.result.tests[0].message == "m");
}

TEST_CASE("a test that did not report scores nothing and says so") {
  const Scored scored = score(kRun + line("x/a", "passed") + end(1));
  REQUIRE(scored.fault.empty());
  CHECK(points(scored.result, kList) == 2);
  CHECK_FALSE(scored.result.tests[1].verdict);
  CHECK(scored.result.tests[1].message == "the test did not report");
}

TEST_CASE("a report that is not the checker's own is a fault, not a grade") {
  const std::pair<std::string, const char*> wrong[] = {
      {"", "no end"},
      {kRun, "no end"},
      {kRun + line("x/a", "passed") + line("x/b", "passed"), "no end"},
      {kRun + line("x/a", "passed").substr(0, 30), "cut off"},
      {kRun + line("x/a", "passed") + line("x/b", "passed") + R"({"event":"end","verdict":"wrong","total":2})",
       "cut off"},
      {kRun + line("x/a", "passed") + line("x/a", "passed") + end(2), "in it twice"},
      {kRun + line("x/a", "wrong") + line("x/a", "passed") + end(1), "in it twice"},
      {kRun + line("x/c", "passed") + end(1), "not on the list"},
      {kRun + line("x/a", "glorious") + end(1), "no known verdict"},
      {kRun + end(1), "counts 1 tests and holds 0"},
      {kRun + end(0) + line("x/a", "passed"), "goes on after its end"},
      {line("x/a", "passed") + end(1), "out of place"},
      {kRun + kRun + end(0), "out of place"},
      {kRun +
           R"({"event":"gift","points":100})"
           "\n" +
           end(0),
       "out of place"},
      {kRun + "passed everything\n" + end(0), "not as expected"},
      {kRun +
           R"({"event":"test","id":"x/a","verdict":"passed"})"
           "\n" +
           end(1),
       "not as expected"},
      {kRun +
           R"({"event":"test","id":7,"verdict":"passed","message":"","output":""})"
           "\n" +
           end(1),
       "not as expected"},
      {kRun + "[]\n" + end(0), "not as expected"},
  };
  for (const auto& [report, why] : wrong) {
    INFO(report);
    const Scored scored = score(report);
    CHECK_THAT(scored.fault, contains_text(why));
    CHECK(points(scored.result, kList) == 0);
  }
}

TEST_CASE("a checker that ends on a submission's answers leaves no test without a verdict") {
  const CutShort cut_short{Verdict::timed_out, "the checker did not end in time"};
  const auto cut = [&](const std::string& report) { return score_report("x", kList, report, cut_short); };
  for (const std::string& rest : {std::string(), line("x/b", "passed").substr(0, 30)}) {
    const Scored scored = cut(kRun + line("x/a", "passed") + rest);
    REQUIRE(scored.fault.empty());
    CHECK(points(scored.result, kList) == 2);
    CHECK(scored.result.tests[1].verdict == Verdict::timed_out);
    CHECK_THAT(scored.result.tests[1].message,
               contains_text("the checker did not end in time on what this submission"));
  }
  CHECK_THAT(cut("").fault, contains_text("no end"));  // its tests had not begun
  CHECK_THAT(cut(line("x/a", "passed")).fault, contains_text("out of place"));
  CHECK_THAT(cut(kRun + line("x/a", "passed") + line("x/a", "passed")).fault, contains_text("in it twice"));
}

TEST_CASE("what does not compile has every test of the list, without points") {
  const LessonResult result = score_uncompiled("x", kList, "x.cpp:3: error");
  CHECK(result.tests.size() == 2);
  CHECK(points(result, kList) == 0);
  CHECK_FALSE(result.compiled);
}

TEST_CASE("a result comes back from JSON as it was, whatever bytes are in it") {
  Scored scored = score(kRun + line("x/a", "crashed") + end(1));
  scored.result.compiler_output = "\xff\x01 <b>";
  const auto back = result_from_json(to_json(scored.result));
  REQUIRE(back);
  CHECK(to_json(*back) == to_json(scored.result));
  CHECK(back->tests[0].verdict == Verdict::crashed);
  CHECK_FALSE(back->tests[1].verdict);
  for (const char* broken : {"", "{}", "[]", R"({"lesson":"x","compiled":true,"compiler_output":"","tests":[{}]})"})
    CHECK_FALSE(result_from_json(broken));
}
