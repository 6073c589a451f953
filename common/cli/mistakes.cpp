#include "common/cli/mistakes.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/files.h"

namespace workbook::cli {

namespace {

/// @returns the wrong solution; nothing with a note if there is none.
mistake::Sources wrong_solution(const std::string& diff, const mistake::Sources& solution, Problems& problems) try {
  return mistake::apply(diff, solution);
} catch (const mistake::Malformed& error) {
  problems.emplace_back(error.what());
  return {};
}

void note_equals(std::vector<LessonMistake>& mistakes, const mistake::Sources& solution) {
  std::map<mistake::Sources, std::string> known{{solution, "the solution"}};
  for (LessonMistake& mistake : mistakes) {
    if (mistake.sources.empty()) continue;
    const auto [other, is_new] = known.try_emplace(mistake.sources, mistake.name);
    if (!is_new) mistake.problems.push_back("makes the same source as " + other->second);
  }
}

/// The flavours that a test loads besides the first: each is tagged with its name.
std::vector<std::string> flavours_of(const Lesson& lesson, const report::Test& test) {
  std::vector<std::string> flavours;
  std::ranges::copy_if(lesson.flavours, std::back_inserter(flavours),
                       [&](const std::string& flavour) { return test.has_tag(flavour); });
  return flavours;
}

/// The public tests that a mistake can be judged by in the first flavour, those about another function than the test
/// that catches it first: they may well pass.
std::vector<std::string> likely_passed(const Lesson& lesson, const std::vector<report::Result>& tests,
                                       const report::Result& caught_by) {
  std::vector<std::string> others, same;
  for (const report::Result& test : tests)
    if (test.group != "hidden" && test.name != caught_by.name && flavours_of(lesson, test).empty())
      (test.function != caught_by.function ? others : same).push_back(test.name);
  others.insert(others.end(), same.begin(), same.end());
  return others;
}

/// A mistake that takes too much memory must be caught as well if it also forges the meter, which lies in its process.
void check_without_meter(const Workspace& workspace, const Lesson& lesson, const Implementation& impl,
                         const report::Report& report, LessonMistake& mistake) {
  const auto test = std::ranges::find(report.tests, mistake.says.test, &report::Result::name);
  if (test == report.tests.end() || test->verdict != Verdict::too_much_workspace) return;
  const report::Report forged = run_checks(
      workspace, lesson, impl, {.hidden = true, .quiet = true, .forged_meter = true, .tests = {mistake.says.test}});
  if (forged.verdict != Verdict::too_much_workspace)
    mistake.problems.push_back(
        fmt::format("with a forged meter, \"{}\" says {}, expected {}: the kernel's count allows 1 MiB more than the "
                    "bound; choose a shape where the mistake needs clearly more than both",
                    test->name, name(forged.verdict), name(Verdict::too_much_workspace)));
}

void check_mistake(const Workspace& workspace, const Lesson& lesson, const std::vector<report::Result>& tests,
                   LessonMistake& mistake) {
  const Implementation impl = implementation(workspace, lesson, "mistakes/" + mistake.name);
  const auto caught_by = std::ranges::find(tests, mistake.says.test, &report::Result::name);
  if (caught_by == tests.end()) {
    mistake.problems.push_back(fmt::format("no test is named \"{}\"", mistake.says.test));
    return;
  }
  const std::vector<std::string> others = likely_passed(lesson, tests, *caught_by);
  JudgeOptions options{.hidden = true, .quiet = true, .tests = {mistake.says.test}};
  report::Report report;
  for (const std::size_t most : {std::size_t{1}, others.size()}) {
    options.tests.resize(1);
    options.tests.insert(options.tests.end(), others.begin(), others.begin() + std::min(most, others.size()));
    report = run_checks(workspace, lesson, impl, options);
    if (passes_public_test(report)) break;
  }
  if (!passes_public_test(report)) mistake.problems.emplace_back("passes no public test");
  check_without_meter(workspace, lesson, impl, report, mistake);
  const Problems untrue = untrue_in(mistake.says, report);
  mistake.problems.insert(mistake.problems.end(), untrue.begin(), untrue.end());
}

/// Calls `work` with 0 ... count - 1, on all cores. @throws the first exception, when all have ended
template <typename Work>
void on_all_cores(std::size_t count, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr first;
  std::mutex mutex;
  const auto do_some = [&] {
    for (std::size_t i = next++; i < count; i = next++) try {
        work(i);
      } catch (...) {
        next = count;
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
      }
  };
  {
    std::vector<std::jthread> others(std::max(1U, std::thread::hardware_concurrency()) - 1);
    for (std::jthread& other : others) other = std::jthread(do_some);
    do_some();
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace

bool is_snake_case(const std::string& name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos;
}

fs::path mistake_file(const Workspace& workspace, const Lesson& lesson, const std::string& name) {
  return solution_folder(workspace, lesson) / "mistakes" / (name + ".diff");
}

fs::path solution_folder(const Workspace& workspace, const Lesson& lesson) {
  return workspace.root / "solutions" / lesson.id;
}

mistake::Sources read_solution(const Workspace& workspace, const Lesson& lesson) {
  const fs::path folder = solution_folder(workspace, lesson);
  mistake::Sources solution = lesson.contents_in(folder);
  for (const std::string& file : lesson.files)
    if (!solution.contains(file))
      throw Error(fmt::format("expected {}, found none: this needs the instructor's tree", shown(folder / file)));
  return solution;
}

std::vector<LessonMistake> read_mistakes(const Workspace& workspace, const Lesson& lesson) {
  std::vector<LessonMistake> mistakes;
  const mistake::Sources solution = lesson.contents_in(solution_folder(workspace, lesson));
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(mistake_file(workspace, lesson, "").parent_path(), none)) {
    LessonMistake mistake{.name = entry.path().stem(), .says = {}, .sources = {}, .problems = {}};
    if (entry.path().extension() != ".diff") {
      mistake.problems.push_back(fmt::format("expected a file that ends in .diff, found {}", shown(entry.path())));
    } else if (!is_snake_case(mistake.name)) {
      mistake.problems.push_back(fmt::format("expected a name in snake_case, found {}", shown(entry.path())));
    } else {
      mistake.says = mistake::parse(read_file(entry.path()).value_or(""));
      mistake.problems = mistake::problems(mistake.says);
      mistake.sources = wrong_solution(mistake.says.diff, solution, mistake.problems);
      if (mistake.sources.empty())
        mistake.problems.back() += "\nIf the solution has changed: " + self() + " mistake rebase " + lesson.number;
      if (const int lines = mistake::changed_lines(mistake.says.diff); lines > kMostChangedLines)
        mistake.problems.push_back(
            fmt::format("changes {} lines of the solution, expected at most {}", lines, kMostChangedLines));
    }
    mistakes.push_back(std::move(mistake));
  }
  std::ranges::sort(mistakes, {}, &LessonMistake::name);
  note_equals(mistakes, solution);
  return mistakes;
}

std::vector<std::string> flavours_needed(const Lesson& lesson, const std::vector<report::Result>& tests,
                                         const LessonMistake& mistake) {
  const auto caught_by = std::ranges::find(tests, mistake.says.test, &report::Result::name);
  return caught_by == tests.end() ? std::vector<std::string>() : flavours_of(lesson, *caught_by);
}

void check_mistakes(const Workspace& workspace, const Lesson& lesson, const std::vector<report::Result>& tests,
                    std::vector<LessonMistake>& mistakes) {
  on_all_cores(mistakes.size(), [&](std::size_t i) {
    if (!mistakes[i].sources.empty()) check_mistake(workspace, lesson, tests, mistakes[i]);
  });
}

Problems untrue_in(const mistake::Mistake& says, const report::Report& report) {
  const auto test = std::ranges::find(report.tests, says.test, &report::Result::name);
  if (test == report.tests.end()) return {fmt::format("no test is named \"{}\"", says.test)};
  Problems problems;
  if (test->group != says.group) problems.push_back(fmt::format("\"{}\" is in [{}]", test->name, test->group));
  if (test->verdict == Verdict::passed || test->verdict == Verdict::not_started)
    problems.push_back(fmt::format("is not caught by \"{}\", which says {}", test->name, name(test->verdict)));
  else if (test->message.find(says.told_as) == std::string::npos)
    problems.push_back(fmt::format("the student is not told \"{}\" but:\n{}", says.told_as, test->message));
  return problems;
}

bool passes_public_test(const report::Report& report) {
  return std::ranges::any_of(report.tests, [](const report::Result& test) {
    return test.verdict == Verdict::passed && test.group != "hidden";
  });
}

}  // namespace workbook::cli
