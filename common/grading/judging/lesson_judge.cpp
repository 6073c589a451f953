#include "common/grading/judging/lesson_judge.h"

#include <algorithm>

#include <fmt/core.h>

#include "common/grading/judging/compile.h"
#include "common/grading/judging/run_checker.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"

namespace workbook::grading {

std::vector<report::Test> parse_test_list(const std::string& text) try {
  std::vector<report::Test> tests = report::list_from_json(text);
  report::expect_different_ids(tests);
  // Whatever a call could keep of a hidden test, no test that shows its output comes later.
  if (!std::ranges::is_partitioned(tests, [](const report::Test& test) { return test.group != "hidden"; }))
    throw system::Error("expected hidden tests behind all others");
  return tests;
} catch (const system::Error&) {
  throw;
} catch (const std::runtime_error& error) {
  throw system::Error(error.what());
}

LessonJudge::LessonJudge(int slots, bool allow_weak_sandbox, fs::path scratch) : scratch_(std::move(scratch)) {
  for (int slot = 0; slot < slots; ++slot)
    slots_.push_back(strongest_sandbox(slot, {.allow_weak = allow_weak_sandbox}));
}

Attempt LessonJudge::judge(const LessonBuild& lesson, const std::vector<report::Test>& tests, const fs::path& source,
                           std::uint64_t seed, int slot) const {
  const Sandbox& sandbox = slots_.at(static_cast<std::size_t>(slot));
  const fs::path folder = scratch_ / fmt::format("slot{}", slot);
  fs::remove_all(folder);
  fs::create_directories(folder);
  const Compiled compiled = compile_submission(sandbox, lesson, source, folder / "student.so");
  Attempt attempt{.timing = {.compile = compiled.seconds}};
  if (compiled.fault) {
    attempt.fault = *compiled.fault;
    return attempt;
  }
  if (!compiled.ok) {
    attempt.result = score_uncompiled(lesson.id, tests, compiled.output);
    return attempt;
  }
  const CheckerResult run = run_checker(sandbox, lesson, folder / "student.so", seed, folder / "report.jsonl");
  attempt.timing.run = run.seconds;
  if (run.fault) {
    attempt.fault = *run.fault;
    return attempt;
  }
  Scored scored =
      score_report(lesson.id, tests, system::read_file(folder / "report.jsonl").value_or(""), run.cut_short);
  attempt.fault = scored.fault;
  attempt.result = std::move(scored.result);
  attempt.result.compiler_output = compiled.output;  // warnings
  return attempt;
}

}  // namespace workbook::grading
