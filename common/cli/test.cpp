#include <memory>

#include <fmt/core.h>

#include "common/cli/board.h"
#include "common/cli/command.h"
#include "common/cli/documents.h"
#include "common/cli/judge.h"
#include "common/cli/progress.h"
#include "common/cli/verdict_colour.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

struct TestOptions {
  std::string lesson, impl = "mine";
  bool as_json = false;
  JudgeOptions judge;

  /// Only an ordinary run of the student's file is remembered.
  bool counts() const {
    return impl == "mine" && !judge.hidden && !judge.in_process && !judge.on_gpu && judge.seed == 1 &&
           judge.tests.empty();
  }
};

const Lesson& chosen_lesson(const Book& book, const std::string& wanted) {
  if (!wanted.empty()) return book.catalog.find(wanted);
  std::error_code ignored;
  const std::string here = fs::current_path(ignored).string() + "/";
  for (const Lesson& lesson : book.catalog.lessons)
    if (here.starts_with(lesson.folder.string() + "/")) return lesson;
  const Lesson* next = Progress(book.workspace).next(book.catalog);
  if (next != nullptr) return *next;
  if (book.catalog.lessons.empty()) throw UsageError("expected a lesson to judge, found none");
  throw UsageError(fmt::format("every lesson is finished; name one to judge it again: {}", call("test 01")));
}

void print_crash(const CrashReport& crash, const Lesson& lesson, const Implementation& impl) {
  fmt::print("\nThe crash in \"{}\", seen by the sanitizers:\n", crash.test);
  if (!crash.finding) {
    fmt::print("  no access outside of a block. What ended it is told above; step through it: {}\n",
               call("debug " + lesson.number));
    return;
  }
  const auto line = static_cast<std::size_t>(crash.finding->line);
  const fs::path file = impl.source().parent_path() / crash.finding->file;
  const std::vector<std::string> source = split_lines(read_file(file).value_or(""));
  if (line > 0) fmt::print("  {}\n", paint(Ink::bold, fmt::format("{}:{}", shown(file), line)));
  fmt::print("  {}\n", crash.finding->reason);
  if (line > 0 && line <= source.size()) fmt::print("  {:>5} | {}\n", line, source[line - 1]);
}

/// What to do after the tests that have just run; older runs say nothing of them.
void print_advice(const Book& book, const Lesson& lesson, const Judged& judged, bool all_tests) {
  switch (judged.verdict()) {
    case Verdict::passed:
    case Verdict::not_verifiable_here:
      if (all_tests) {
        fmt::print("\n");
        print_next(book, Progress(book.workspace), &lesson);
      } else {
        fmt::print("All tests: {}\n", paint(Ink::bold, call("test " + lesson.number)));
      }
      return;
    case Verdict::not_started:
      print_steps(lesson, verdicts_of_functions(judged.report));
      return;
    case Verdict::does_not_compile:
      fmt::print("Mend this first error, then: {}\n", paint(Ink::bold, call("test " + lesson.number)));
      return;
    default:
      fmt::print("Stuck? {}\n",
                 paint(Ink::bold, call(fmt::format("hint {} {}", lesson.number,
                                                   next_exercise(lesson, verdicts_of_functions(judged.report)).todo))));
  }
}

void print_summary(const Lesson& lesson, const Judged& judged) {
  const report::Report& report = judged.report;
  fmt::print("\n{} {}: {}", lesson.number, lesson.name, painted(judged.verdict()));
  if (report.total > 0)
    fmt::print(" · {} of {} tests · {} of {} points", report.passed, report.total, report.points, report.max_points);
  fmt::print("\n");
}

int test_lesson(const TestOptions& options) {
  const Book book = open_book();
  const Lesson& lesson = chosen_lesson(book, options.lesson);
  const Implementation impl = implementation(book.workspace, lesson, options.impl);
  if (!options.as_json)
    fmt::print("{}\n\n", paint(Ink::bold, fmt::format("{} {} · {}", lesson.number, lesson.name, lesson.title)));
  JudgeOptions judge_options = options.judge;
  judge_options.quiet = options.as_json;
  const Judged judged = judge(book.workspace, lesson, impl, judge_options);
  if (options.counts()) keep_result(book.workspace, lesson, judged.hash, judged.report);
  std::optional<CrashReport> crash;
  if (impl.mine && !judge_options.in_process)
    crash = explain_crash(book.workspace, lesson, impl, judged.report, judge_options.seed);

  if (options.as_json) {
    fmt::print("{}\n", test_document(lesson, judged, crash));
    return exit_code(judged.verdict());
  }
  fmt::print("{}", judged.problem);
  if (crash) print_crash(*crash, lesson, impl);
  print_summary(lesson, judged);
  if (impl.mine && judged.hash.empty())
    fmt::print("{} was saved while it was compiled, so this verdict is not kept. Judge it again: {}\n",
               impl.sources.size() == 1 ? shown(impl.source()) : "One of your files", call("test " + lesson.number));
  else if (impl.mine)
    print_advice(book, lesson, judged, options.judge.tests.empty());
  return exit_code(judged.verdict());
}

}  // namespace

Action commands::test(Options options) {
  auto test = std::make_shared<TestOptions>();
  options.text("lesson", test->lesson,
               "number, name or part of it; without: the one whose folder this is, else the next unfinished one");
  options.flag("--json", test->as_json, "print one JSON document");
  options.flag("--show-output", test->judge.show_output, "all that your code printed, not its first 4 KB");
  options.flag("--hidden", test->judge.hidden, "run the hidden tests too");
  options.flag("--kernels-last", test->judge.kernels_last,
               "CUDA lessons: as in grading, kernels run when your function has returned, which sees no values");
  options.flag("--meter", test->judge.meter, "CUDA lessons: what each launch loads and stores");
  options.flag("--gpu", test->judge.on_gpu, "CUDA lessons: run on this machine's GPU");
  options.flag("--in-process", test->judge.in_process, "run the code inside the checker, for a debugger");
  options.text("--impl", test->impl, "judge mine, solution or mistakes/<name>");
  options.number("--seed", test->judge.seed, "of the random inputs");
  options.texts("--test", test->judge.tests, "run only the test of that name");
  return [test] { return test_lesson(*test); };
}

}  // namespace workbook::cli
