/// Points are the same however busy the machine is, and one function's fault costs that function's tests alone.

#include <fstream>

#include "common/checker/catch.h"
#include "common/checker/tests/busy_machine.h"
#include "common/grading/gradebook/shown_tests.h"
#include "common/grading/judging/compile.h"
#include "common/grading/judging/lesson_judge.h"
#include "common/grading/judging/run_checker.h"
#include "common/system/files.h"

using namespace workbook;
using namespace workbook::grading;

namespace {

const fs::path kRoot = WORKBOOK_ROOT;

/// The solution, with a statement more at the beginning of softmax().
std::string solution_with(const std::string& statement) {
  std::string source = system::read_file(kRoot / "solutions/01_stable_softmax/stable_softmax.cpp").value();
  const std::string opening = "Tensor stable_softmax::softmax(const Tensor& logits) {\n";
  return source.insert(source.find(opening) + opening.size(), statement);
}

struct Judge {
  LessonBuild lesson = prepare_lesson(
      std::make_shared<Stage>(workspace::Workspace{kRoot, WORKBOOK_BUILD, kRoot / ".workbook"}), "01_stable_softmax");
  std::vector<report::Test> tests = parse_test_list(lesson.tests);
  Sandbox sandbox = strongest_sandbox(0, {.allow_weak = true, .confine = fs::path(WORKBOOK_BUILD) / "bin/confine"});
  system::ScratchFolder folder;

  fs::path compile(const std::string& source) const {
    std::ofstream(folder.path() / "submitted.cpp") << source;
    const Compiled compiled =
        compile_submission(sandbox, lesson, folder.path() / "submitted.cpp", folder.path() / "plugin/student.so");
    INFO(compiled.output << compiled.fault.value_or(""));
    REQUIRE(compiled.ok);
    return folder.path() / "plugin/student.so";
  }

  LessonResult run(const fs::path& plugin) const {
    const fs::path report = folder.path() / "report.jsonl";
    const CheckerResult run =
        run_checker(sandbox, lesson, plugin, 1, report, {.cpu_seconds = 0.5, .idle_seconds = 0.5});
    INFO(run.fault.value_or(""));
    REQUIRE_FALSE(run.fault);
    const Scored scored = score_report(lesson.id, tests, system::read_file(report).value(), run.cut_short);
    REQUIRE(scored.fault.empty());
    return scored.result;
  }
};

}  // namespace

TEST_CASE("neither a loop nor a sleep nor the machine's load costs other functions' points", "[load]") {
  const Judge judge;
  const auto [statement, verdict] = GENERATE(table<std::string, Verdict>(
      {{"for (volatile bool on = true; on;) {}", Verdict::timed_out},
       {"std::this_thread::sleep_for(std::chrono::hours(1));", Verdict::timed_out},
       {"static std::clock_t start = std::clock(); while (std::clock() - start < CLOCKS_PER_SEC / 4) {}",
        Verdict::passed}}));
  const fs::path plugin = judge.compile("#include <ctime>\n#include <thread>\n" + solution_with(statement));
  const LessonResult at_rest = judge.run(plugin);
  for (std::size_t i = 0; i < judge.tests.size(); ++i) {
    INFO(judge.tests[i].name << ": " << at_rest.tests[i].message);
    CHECK(at_rest.tests[i].verdict == (judge.tests[i].function == "softmax" ? verdict : Verdict::passed));
  }
  const BusyMachine busy(4);
  CHECK(to_json(judge.run(plugin)) == to_json(at_rest));
}

TEST_CASE("no hint is given where a function was not even called", "[load]") {
  GradedLesson lesson{.id = "01_stable_softmax", .title = "", .tests = {}, .hints = {{"hidden rows", "empty rows"}}};
  lesson.tests.push_back({.id = "x/rows", .name = "hidden rows", .group = "hidden", .function = "softmax"});
  LessonResult result{.lesson = lesson.id, .compiled = true};
  result.tests.push_back({.id = "x/rows", .verdict = Verdict::timed_out, .message = "", .output = ""});
  const auto shown = [&] {
    return shown_tests(lesson, {.standing = Standing::graded, .reason = "", .result = &result}, Audience::student)[0];
  };
  CHECK(shown().category == "timed out");
  CHECK(shown().hint == "empty rows");
  result.tests[0].called = false;
  CHECK(shown().category == "timed out before");
  CHECK(shown().hint.empty());
}
