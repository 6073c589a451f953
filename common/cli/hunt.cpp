#include <algorithm>
#include <memory>
#include <random>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/hunts.h"
#include "common/cli/judge.h"
#include "common/cli/progress.h"
#include "common/cli/verdict_colour.h"
#include "common/edition/edition.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/terminal.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

struct HuntOptions {
  std::string lesson;
  bool hint = false, reveal = false;
};

/// A lesson's hunt, and how far it is.
struct Hunt {
  const Lesson* lesson;
  std::vector<LessonMistake> mistakes;
  HuntState state;

  /// The one that is open; hunt_in() has seen that it is one of these.
  const LessonMistake& open() const { return *std::ranges::find(mistakes, state.open, &LessonMistake::name); }
  /// Those that were neither repaired nor revealed.
  std::vector<const LessonMistake*> left() const {
    std::vector<const LessonMistake*> names;
    for (const LessonMistake& mistake : mistakes)
      if (!state.solved.contains(mistake.name) && !state.seen.contains(mistake.name)) names.push_back(&mistake);
    return names;
  }
};

Hunt hunt_in(const Book& book, const Lesson& lesson) {
  Hunt hunt{&lesson, huntable(book.workspace, lesson), read_hunts(book.workspace, lesson)};
  if (std::ranges::find(hunt.mistakes, hunt.state.open, &LessonMistake::name) == hunt.mistakes.end())
    hunt.state.open.clear();  // the workbook was updated meanwhile
  return hunt;
}

/// The lesson asked for; else one with an open hunt, else the first that has passed and has some left.
Hunt chosen_hunt(const Book& book, const std::string& wanted) {
  if (!wanted.empty()) {
    Hunt hunt = hunt_in(book, book.catalog.find(wanted));
    if (hunt.mistakes.empty())
      throw UsageError(is_edition(book.workspace)
                           ? fmt::format("this edition has no bug hunts in lesson {}; your instructor may release them",
                                         hunt.lesson->number)
                           : fmt::format("expected mistakes of lesson {}, found none", hunt.lesson->number));
    return hunt;
  }
  const Progress progress(book.workspace);
  std::optional<Hunt> first;
  for (const Lesson& lesson : book.catalog.lessons) {
    Hunt hunt = hunt_in(book, lesson);
    if (!hunt.state.open.empty()) return hunt;
    if (!first && progress.of(lesson).finished() && !hunt.left().empty()) first = std::move(hunt);
  }
  if (!first) throw UsageError("expected a lesson that has passed, with a bug to hunt, found none");
  return *first;
}

void print_score(const Hunt& hunt) {
  fmt::print("Lesson {}: {} of {} bugs found and repaired.\n", hunt.lesson->number, hunt.state.solved.size(),
             hunt.mistakes.size());
}

void print_next(const Hunt& hunt) {
  if (hunt.left().empty())
    fmt::print("That was the last one of this lesson.\n");
  else
    fmt::print("The next one: {}\n", paint(Ink::bold, call("hunt " + hunt.lesson->number)));
}

/// Writes the code of a mistake that is left, and remembers it.
void begin(const Book& book, Hunt& hunt) {
  const Standing standing = Progress(book.workspace).of(*hunt.lesson);
  if (!standing.finished())
    throw UsageError(fmt::format("expected lesson {} to have passed, found {}: its bugs show how it is solved",
                                 hunt.lesson->number,
                                 standing.verdict ? spoken(*standing.verdict) : "a file that was edited since"));
  const std::vector<const LessonMistake*> left = hunt.left();
  if (left.empty()) throw UsageError(fmt::format("every bug of lesson {} was found or revealed", hunt.lesson->number));
  std::random_device chance;
  const LessonMistake& mistake = *left[chance() % left.size()];
  const fs::path folder = hunt_folder(book.workspace, *hunt.lesson);
  for (const auto& [file, content] : mistake.sources) write_atomically(folder / file, content);
  hunt.state.open = mistake.name;
  keep_hunts(book.workspace, *hunt.lesson, hunt.state);
}

/// What a test says without its suspicion, which would name the bug.
struct Said {
  std::string facts, suspicion;
};

Said said_by(const report::Result& test) {
  Said said;
  std::string* part = &said.facts;
  for (const std::string& line : split_lines(test.message)) {
    if (line.starts_with("Likely: ") || line.starts_with("Perhaps: ")) part = &said.suspicion;
    *part += line + '\n';
  }
  return said;
}

/// The failed test to show: the one that the mistake names, while it fails.
const report::Result& failure_to_show(const report::Report& report, const mistake::Mistake& says) {
  const auto failed = [](const report::Result& test) { return is_failure(test.verdict); };
  const auto named = std::ranges::find_if(
      report.tests, [&](const report::Result& test) { return failed(test) && test.name == says.test; });
  return named != report.tests.end() ? *named : *std::ranges::find_if(report.tests, failed);
}

int solved(const Book& book, Hunt& hunt, const LessonMistake& mistake, const report::Report& report) {
  hunt.state.open.clear();
  hunt.state.solved.insert(mistake.name);
  keep_hunts(book.workspace, *hunt.lesson, hunt.state);
  fmt::print("{}: all {} tests pass.\nThe bug was: {}\n", paint(Ink::green, "Repaired"), report.total,
             mistake.says.idea);
  print_score(hunt);
  print_next(hunt);
  return 0;
}

/// Judges the code as it is now. It is repaired when every public test passes, not only the one that has caught it.
int judge_hunt(const Book& book, Hunt& hunt, const HuntOptions& options, bool begins) {
  const LessonMistake mistake = hunt.open();
  fmt::print("{}\n\n", paint(Ink::bold, fmt::format("{} {} · bug hunt", hunt.lesson->number, hunt.lesson->title)));
  const Judged judged = judge(book.workspace, *hunt.lesson, implementation(book.workspace, *hunt.lesson, "hunt"),
                              {.quiet = true, .tests = {}, .jobs = processors()});
  fmt::print("{}", judged.problem);
  if (!judged.problem.empty()) return exit_code(judged.verdict());
  const report::Report& report = judged.report;
  if (report.verdict == Verdict::passed || report.verdict == Verdict::not_verifiable_here)
    return solved(book, hunt, mistake, report);
  if (begins) fmt::print("Somebody handed in this code. Find the bug and repair it.\n");
  const report::Result& test = failure_to_show(report, mistake.says);
  const Said said = said_by(test);
  fmt::print("{} of {} tests pass.\n\n  {} {}   {}\n{}\n", report.passed, report.total, paint(Ink::red, "✗"), test.name,
             painted(test.verdict), indented(said.facts + (options.hint ? said.suspicion : ""), "      "));
  for (const fs::path& file : hunt.lesson->files_in(hunt_folder(book.workspace, *hunt.lesson)))
    fmt::print("  repair  {}\n", shown(file));
  fmt::print("  then    {}\n", paint(Ink::bold, call("hunt " + hunt.lesson->number)));
  if (!options.hint && !said.suspicion.empty())
    fmt::print("  stuck   {}\n", call("hunt " + hunt.lesson->number + " --hint"));
  fmt::print("  give up {}\n", call("hunt " + hunt.lesson->number + " --reveal"));
  return exit_code(report.verdict);
}

/// A mistake is kept as what makes it of the solution; who hunts goes the other way.
void print_repair(const std::string& diff) {
  std::string removed, added;
  const auto flush = [&] { fmt::print("{}{}", std::exchange(removed, ""), std::exchange(added, "")); };
  for (const std::string& line : split_lines(diff)) {
    if (line.starts_with("---") || line.starts_with("+++")) continue;
    if (line.starts_with('+')) {
      removed += paint(Ink::red, "-" + line.substr(1)) + '\n';
    } else if (line.starts_with('-')) {
      added += paint(Ink::green, "+" + line.substr(1)) + '\n';
    } else {
      flush();
      fmt::print("{}\n", line);
    }
  }
  flush();
  fmt::print("\n");
}

/// Tells what the mistake is, and shows it against the model solution.
int reveal(const Book& book, Hunt& hunt) {
  if (hunt.state.open.empty())
    throw UsageError(fmt::format("expected a hunt that has begun in lesson {}, found none", hunt.lesson->number));
  const LessonMistake& mistake = hunt.open();
  fmt::print("The bug: {}\nThe test that catches it: \"{}\"\n\n", mistake.says.idea, mistake.says.test);
  print_repair(mistake.says.diff);
  hunt.state.seen.insert(hunt.state.open);
  hunt.state.open.clear();
  keep_hunts(book.workspace, *hunt.lesson, hunt.state);
  print_score(hunt);
  print_next(hunt);
  return 0;
}

int hunt_bug(const HuntOptions& options) {
  const Book book = open_book();
  Hunt hunt = chosen_hunt(book, options.lesson);
  if (options.reveal) return reveal(book, hunt);
  const bool begins = hunt.state.open.empty();
  if (begins) begin(book, hunt);
  return judge_hunt(book, hunt, options, begins);
}

}  // namespace

Action commands::hunt(Options options) {
  auto hunt = std::make_shared<HuntOptions>();
  options.text("lesson", hunt->lesson,
               "one that you have passed; without: the hunt that is open, or the first there is");
  options.flag("--hint", hunt->hint, "what the failed test suspects, too");
  options.flag("--reveal", hunt->reveal, "give up: say what the bug is");
  return [hunt] { return hunt_bug(*hunt); };
}

}  // namespace workbook::cli
