#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>

#include "common/cli/command.h"
#include "common/cli/judge.h"
#include "common/cli/lesson_checks.h"
#include "common/cli/mistakes.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/process.h"
#include "common/system/terminal.h"
#include "common/system/text.h"
#include "common/workspace/build.h"
#include "common/workspace/build_commands.h"
#include "common/workspace/compiler_output.h"
#include "common/workspace/hidden_hints.h"
#include "common/workspace/state.h"

namespace workbook::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kFewestMistakes = 6;

struct Verified {
  std::string id;
  Verdict stub = Verdict::wrong;
  int solution_passed = 0, solution_total = 0;
  std::size_t mistakes_caught = 0, mistakes = 0;
  Problems problems;
  Problems not_judged;  ///< promises; no problem, for not every one can be counted

  void note(const std::string& where, const std::string& what) { problems.push_back(where + ": " + what); }
  void note(const std::string& where, const Problems& all) {
    for (const std::string& what : all) note(where, what);
  }
};

/// Judges what is built already, with kernels when they run in grading, and the tolerances as well.
report::Report judged(const Book& book, const Lesson& lesson, const std::string& impl) {
  return run_checks(book.workspace, lesson, implementation(book.workspace, lesson, impl),
                    {.hidden = true, .quiet = true, .kernels_last = true, .check_tolerances = true, .tests = {}});
}

/// The stub's own compile command, with every warning an error.
void check_warnings(const Workspace& workspace, const Lesson& lesson, Verified& out) {
  Argv compile = read_build_commands(workspace.build, lesson.id, "student").plugins.front().compile;
  compile.insert(compile.end(), {"-Werror", "-fsyntax-only"});
  const Ended ended = run({.argv = compile, .folder = workspace.build, .capture = true});
  if (!ended.ok()) out.note("stub", "is not free of warnings:\n" + ended.output);
}

void verify_stub(const Book& book, const Lesson& lesson, Verified& out) {
  const report::Report report = judged(book, lesson, "mine");
  out.stub = report.verdict;
  for (const report::Result& test : report.tests)
    if (test.verdict != Verdict::not_started)
      out.note("stub", fmt::format("\"{}\" says {}, expected not_started", test.name, name(test.verdict)));
  check_warnings(book.workspace, lesson, out);
}

/// A student reads nothing of a hidden test but its hint.
void verify_hints(const Book& book, const Lesson& lesson, const report::Report& report, Verified& out) {
  const fs::path file = book.workspace.root / "testcases" / lesson.id / "hidden/hidden_test.cpp";
  const auto hints = hidden_hints(read_file(file).value_or(""));
  for (const report::Result& test : report.tests)
    if (test.group == "hidden" && !hints.contains(test.name))
      out.note("tests",
               fmt::format("expected a line \"// Hint: ...\" above the hidden test \"{}\", found none", test.name));
}

/// A test tagged [count] loads the plugin of that flavour, which lesson.json has to ask for.
void verify_flavours(const Book& book, const Lesson& lesson, const report::Result& test, Verified& out) {
  const Implementation solution = implementation(book.workspace, lesson, "solution");
  for (const char* flavour : {"count", "sim", "tsan"})
    if (test.has_tag(flavour) && !fs::exists(solution.flavour(flavour).plugin))
      out.note("tests",
               fmt::format("\"{0}\" is tagged [{1}]: expected \"flavours\": [\"{1}\"] in lesson.json, found none",
                           test.name, flavour));
}

/// @returns the solution's report.
report::Report verify_solution(const Book& book, const Lesson& lesson, Verified& out) {
  const report::Report report = judged(book, lesson, "solution");
  out.solution_passed = report.passed;
  out.solution_total = report.total;
  std::set<std::string> groups, functions, public_tests;
  std::map<std::string, int> public_points;
  for (const report::Result& test : report.tests) {
    groups.insert(test.group);
    functions.insert(test.function);
    if (test.group != "hidden") {
      public_points[test.function] += test.points;
      public_tests.insert(test.name);
    }
    if (test.verdict != Verdict::passed)
      out.note("solution", fmt::format("\"{}\" says {}: {}", test.name, name(test.verdict), test.message));
    if (test.points == 0) out.note("tests", fmt::format("\"{}\" is worth no points", test.name));
    verify_flavours(book, lesson, test, out);
  }
  for (const char* group : {"basic", "advanced", "hidden"})
    if (!groups.contains(group)) out.note("tests", fmt::format("none is {}", group));
  for (const Exercise& exercise : lesson.exercises)
    if (!functions.contains(exercise.function)) out.note("tests", "none is tagged [" + exercise.function + "]");
  const std::string readme = read_file(lesson.folder / "README.md").value_or("");
  out.note("README", check_points(readme, public_points));
  out.note("README", check_predictions(lesson.predictions, readme, public_tests));
  verify_hints(book, lesson, report, out);
  std::set<std::string> judged;
  for (const report::Result& test : report.tests)
    judged.merge(json::parse(test.json).value("judged", std::set<std::string>()));
  out.not_judged = promises_not_judged(read_file(lesson.contract()).value_or(""), judged);
  return report;
}

void verify_figure(const Book& book, const Lesson& lesson, Verified& out) {
  if (!fs::exists(solution_folder(book.workspace, lesson) / "figure.cpp"))
    return out.note("figure", "expected a figure.cpp beside the solution, found none");
  const Ended drawn =
      run({.argv = {(book.workspace.lesson_build(lesson.id) / "figure").string()}, .folder = {}, .capture = true});
  if (!drawn.ok() || read_file(lesson.folder / "figure.svg") != drawn.output)
    out.note("figure", "figure.svg is not what figure.cpp draws; run: " + call("figures " + lesson.number));
}

/// Builds all that is judged. A mistake that does not compile is noted and judged no further.
void build_all(const Book& book, const Lesson& lesson, std::vector<LessonMistake>& mistakes) {
  std::vector<std::string> targets{"-k0", lesson.id + ".checker", lesson.id + ".student.tested",
                                   lesson.id + ".solution.tested", lesson.id + ".figure"};
  if (!fs::exists(solution_folder(book.workspace, lesson) / "figure.cpp")) targets.pop_back();
  for (const LessonMistake& mistake : mistakes)
    if (!mistake.sources.empty()) targets.push_back(mistake.target(lesson));
  const FileLock lock = lock_build(book.workspace);
  const Build built = build(book.workspace, targets, "Building lesson " + lesson.number + " and its mistakes");
  std::vector<std::string> unexplained = built.failed;
  for (LessonMistake& mistake : mistakes) {
    const auto is_its_own = [&](const std::string& file) {
      return file.find(mistake.target(lesson) + ".") != file.npos ||
             file.find("/translated/" + mistake.name + "/") != file.npos ||
             file.find("/mistakes/" + mistake.name + ".") != file.npos ||
             file.find("/mistakes/" + mistake.name + "/") != file.npos;
    };
    const auto failed = std::ranges::find_if(built.failed, is_its_own);
    if (failed == built.failed.end()) continue;
    std::erase_if(unexplained, is_its_own);
    const Implementation impl = implementation(book.workspace, lesson, "mistakes/" + mistake.name);
    mistake.problems.push_back("does not compile:\n" + first_error_text(output_about(built.output, *failed), impl));
    mistake.sources.clear();
  }
  if (!unexplained.empty()) fail_build(book.workspace, built.output);
}

/// Few tests load another flavour, and only a mistake that one of them catches is built in it.
void build_flavours_needed(const Book& book, const Lesson& lesson, const report::Report& solution,
                           const std::vector<LessonMistake>& mistakes) {
  std::vector<std::string> targets;
  for (const LessonMistake& mistake : mistakes)
    for (const std::string& flavour : flavours_needed(lesson, solution.tests, mistake))
      if (!mistake.sources.empty()) targets.push_back(mistake.target(lesson) + "." + flavour);
  if (targets.empty()) return;
  const FileLock lock = lock_build(book.workspace);
  build_or_fail(book.workspace, targets, "Building what tests of lesson " + lesson.number + " load besides");
}

void verify_mistakes(const Book& book, const Lesson& lesson, const report::Report& solution,
                     std::vector<LessonMistake>& mistakes, Verified& out) {
  build_flavours_needed(book, lesson, solution, mistakes);
  check_mistakes(book.workspace, lesson, solution.tests, mistakes);
  for (const LessonMistake& mistake : mistakes) {
    out.note("mistakes/" + mistake.name, mistake.problems);
    out.mistakes_caught += mistake.problems.empty();
  }
  out.mistakes = mistakes.size();
  if (out.mistakes < kFewestMistakes)
    out.note("mistakes", fmt::format("expected at least {}, found {}", kFewestMistakes, out.mistakes));
}

Verified verify_lesson(const Book& book, const Lesson& lesson) {
  Verified out{.id = lesson.id, .problems = {}, .not_judged = {}};
  read_solution(book.workspace, lesson);  // is it all there?
  std::vector<LessonMistake> mistakes = read_mistakes(book.workspace, lesson);
  build_all(book, lesson, mistakes);
  out.note("contract", check_contract(read_file(lesson.contract()).value_or("")));
  out.note("lesson", check_todos(lesson));
  out.note("lesson", check_readme(lesson));
  out.note("solution", check_compare(lesson, solution_folder(book.workspace, lesson)));
  verify_figure(book, lesson, out);
  verify_stub(book, lesson, out);
  verify_mistakes(book, lesson, verify_solution(book, lesson, out), mistakes, out);
  return out;
}

void print(const Verified& lesson) {
  const bool good = lesson.problems.empty();
  fmt::print("{} {}  stub {} · solution {} of {} · mistakes {} of {} caught\n",
             paint(good ? Ink::green : Ink::red, good ? "✓" : "✗"), padded(lesson.id, 22), name(lesson.stub),
             lesson.solution_passed, lesson.solution_total, lesson.mistakes_caught, lesson.mistakes);
  if (!lesson.not_judged.empty())
    fmt::print("{}\n",
               wrapped(fmt::format("promised, and judged by no test: {}", fmt::join(lesson.not_judged, ", ")), 110, 4));
  for (const std::string& problem : lesson.problems) fmt::print("{}\n", wrapped(problem, 110, 4));
}

json as_json(const Verified& lesson) {
  return {{"id", lesson.id},
          {"stub", name(lesson.stub)},
          {"solution", {{"passed", lesson.solution_passed}, {"total", lesson.solution_total}}},
          {"mistakes", {{"caught", lesson.mistakes_caught}, {"total", lesson.mistakes}}},
          {"not_judged", lesson.not_judged},
          {"problems", lesson.problems}};
}

int verify(const std::string& wanted, bool as_document) {
  const Book book = open_book();
  std::vector<Lesson> lessons = book.catalog.lessons;
  if (!wanted.empty()) lessons = {book.catalog.find(wanted)};
  json document{{"lessons", json::array()}};
  bool good = wanted.empty() ? book.catalog.broken.empty() && !lessons.empty() : true;
  for (const Lesson& lesson : lessons) {
    const Verified verified = verify_lesson(book, lesson);
    good = good && verified.problems.empty();
    document["lessons"].push_back(as_json(verified));
    if (!as_document) print(verified);
  }
  for (const auto& broken : book.catalog.broken)
    if (wanted.empty() && !as_document) fmt::print("{} {}\n", paint(Ink::red, "✗"), broken.problem);
  if (as_document) fmt::print("{}\n", document.dump(1, ' ', false, json::error_handler_t::replace));
  return good ? 0 : exit_code(Verdict::wrong);
}

}  // namespace

Action commands::verify(Options options) {
  auto lesson = std::make_shared<std::string>();
  auto as_document = std::make_shared<bool>(false);
  options.text("lesson", *lesson, "number, name or part of it (default: all)");
  options.flag("--json", *as_document, "print one JSON document");
  return [=] { return cli::verify(*lesson, *as_document); };
}

}  // namespace workbook::cli
