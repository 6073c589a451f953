#include <algorithm>
#include <memory>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "common/cli/board.h"
#include "common/cli/command.h"
#include "common/cli/documents.h"
#include "common/cli/judge.h"
#include "common/cli/progress.h"
#include "common/cli/verdict_colour.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/text.h"
#include "common/system/utf8.h"

namespace workbook::cli {

namespace {

struct TestOptions {
  std::string lesson, impl = "mine";
  bool as_json = false, stream = false, all_failures = false;
  JudgeOptions judge;

  /// Only an ordinary run of the student's file is remembered.
  bool counts() const {
    return impl == "mine" && !judge.hidden && !judge.in_process && !judge.on_gpu && judge.seed == 1 &&
           judge.tests.empty();
  }
};

constexpr int kToldInFull = 3;

std::string crash_text(const CrashReport& crash, const Lesson& lesson, const Implementation& impl) {
  std::string text = fmt::format("The crash in \"{}\", seen by the sanitizers:\n", crash.test);
  if (!crash.finding)
    return text + fmt::format("  no access outside of a block. What ended it is told above; step through it: {}\n",
                              call("debug " + lesson.number));
  const auto line = static_cast<std::size_t>(crash.finding->line);
  const fs::path file = impl.source().parent_path() / crash.finding->file;
  const std::vector<std::string> source = split_lines(read_file(file).value_or(""));
  if (line > 0) text += fmt::format("  {}\n", paint(Ink::bold, fmt::format("{}:{}", shown(file), line)));
  text += fmt::format("  {}\n", crash.finding->reason);
  if (line > 0 && line <= source.size()) text += fmt::format("  {:>5} | {}\n", line, source[line - 1]);
  return text;
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

/// A lesson judged, and what is known of its crash.
struct Outcome {
  Judged judged;
  std::optional<CrashReport> crash;
};

Outcome judge_and_keep(const Book& book, const Lesson& lesson, const Implementation& impl, const TestOptions& options) {
  JudgeOptions how = options.judge;
  how.jobs = processors();
  if (options.counts() && how.first.empty()) how.first = Progress(book.workspace).of(lesson).failed;
  Outcome outcome{judge(book.workspace, lesson, impl, how), {}};
  if (options.counts()) keep_result(book.workspace, lesson, outcome.judged.hash, outcome.judged.report);
  if (impl.mine && !how.in_process)
    outcome.crash = explain_crash(book.workspace, lesson, impl, outcome.judged.report, how);
  return outcome;
}

int test_lesson(const Book& book, const Lesson& lesson, TestOptions options) {
  const Implementation impl = implementation(book.workspace, lesson, options.impl);
  options.judge.quiet = options.as_json;
  options.judge.most_told = options.all_failures ? 0 : kToldInFull;
  if (!options.as_json)
    fmt::print("{}\n\n", paint(Ink::bold, fmt::format("{} {} · {}", lesson.number, lesson.name, lesson.title)));
  const auto [judged, crash] = judge_and_keep(book, lesson, impl, options);
  if (options.as_json) {
    fmt::print("{}\n", test_document(lesson, judged, crash));
    return exit_code(judged.verdict());
  }
  fmt::print("{}", judged.problem);
  if (crash) fmt::print("\n{}", crash_text(*crash, lesson, impl));
  print_summary(lesson, judged);
  if (impl.mine && judged.hash.empty())
    fmt::print("{} was saved while it was compiled, so this verdict is not kept. Judge it again: {}\n",
               impl.sources.size() == 1 ? shown(impl.source()) : "One of your files", call("test " + lesson.number));
  else if (impl.mine)
    print_advice(book, lesson, judged, options.judge.tests.empty());
  return exit_code(judged.verdict());
}

/// For programs: a JSON object for each event, in a line of its own, as soon as it happens.
int stream_lesson(const Book& book, const Lesson& lesson, TestOptions options) {
  const auto say = [](const nlohmann::json& event) {
    fmt::print("{}\n", event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    std::fflush(stdout);
  };
  const Implementation impl = implementation(book.workspace, lesson, options.impl);
  options.judge.on_event = [](std::string_view line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  };
  const auto [judged, crash] = judge_and_keep(book, lesson, impl, options);
  if (crash && crash->finding) say({{"event", "crash"}, {"text", crash_text(*crash, lesson, impl)}});
  say({{"event", "judged"},
       {"verdict", name(judged.verdict())},
       {"problem", judged.problem},
       {"kept", !impl.mine || !judged.hash.empty()}});
  return exit_code(judged.verdict());
}

/// A line for each lesson.
int test_lessons(const Book& book, const std::vector<const Lesson*>& lessons, TestOptions options) {
  options.judge.quiet = true;
  Verdict gravest = Verdict::passed;
  int columns = 0;
  for (const Lesson* lesson : lessons) columns = std::max(columns, width(lesson->id));
  std::vector<std::string> documents;
  for (const Lesson* lesson : lessons) {
    const Outcome outcome =
        judge_and_keep(book, *lesson, implementation(book.workspace, *lesson, options.impl), options);
    const report::Report& report = outcome.judged.report;
    gravest = worse(gravest, report.verdict);
    if (options.as_json) {
      documents.push_back(test_document(*lesson, outcome.judged, outcome.crash));
      continue;
    }
    const std::string verdict = padded(spoken(report.verdict), report.total > 0 ? 20 : 0);
    fmt::print("{}  {}", padded(lesson->id, columns), paint(ink_of(report.verdict), verdict));
    if (report.total > 0)
      fmt::print("{:>3} of {:>2} tests {:>4} of {:>3} points", report.passed, report.total, report.points,
                 report.max_points);
    fmt::print("\n");
    std::fflush(stdout);
  }
  if (options.as_json) fmt::print("[\n{}\n]\n", fmt::join(documents, ",\n"));
  return exit_code(gravest);
}

int test_chosen(const TestOptions& options) {
  const Book book = open_book();
  const std::vector<const Lesson*> several = book.catalog.several(options.lesson);
  if (several.empty()) {
    const Lesson& lesson = chosen_lesson(book, options.lesson, "test");
    return options.stream ? stream_lesson(book, lesson, options) : test_lesson(book, lesson, options);
  }
  if (options.stream || !options.judge.tests.empty())
    throw UsageError(fmt::format("expected one lesson with --stream or --test, found \"{}\"", options.lesson));
  return test_lessons(book, several, options);
}

}  // namespace

Action commands::test(Options options) {
  auto test = std::make_shared<TestOptions>();
  options.text("lesson", test->lesson,
               "number, name or part of it, several as 01-04, or all; without: the one whose folder this is, else the "
               "next unfinished one");
  options.flag("--json", test->as_json, "print one JSON document");
  options.flag("--stream", test->stream, "for programs: a JSON object for each event, as soon as it happens");
  options.flag("--all", test->all_failures, "every failure in full, not only the first three");
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
  options.texts("--first", test->judge.first, "begin with that test; without: with those that failed last time");
  return [test] { return test_chosen(*test); };
}

}  // namespace workbook::cli
