#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/judge.h"
#include "common/cli/mistakes.h"
#include "common/cli/progress.h"
#include "common/edition/edition.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/terminal.h"

namespace workbook::cli {

namespace {

/// Below this, half a line is too short for a line of code, and the two files stand one below the other.
constexpr int kColumnsForTwo = 120;
constexpr int kMostColumns = 240;

/// Both files side by side, or as one diff on a narrow terminal.
void show_both(const fs::path& mine, const fs::path& model, int columns) {
  Argv diff{"diff", has_colour(stdout) ? "--color=always" : "--color=never", "--strip-trailing-cr", "--expand-tabs"};
  if (columns >= kColumnsForTwo)
    diff.insert(diff.end(), {"--side-by-side", fmt::format("--width={}", std::min(columns, kMostColumns))});
  else
    diff.insert(diff.end(), {"-U1000000", "--label", shown(mine), "--label", shown(model)});
  diff.insert(diff.end(), {mine.string(), model.string()});
  const Ended ended = run({.argv = diff, .folder = {}});
  if (ended.exit_code < 0 || ended.exit_code > 1) throw Error("diff failed");
  if (ended.exit_code == 0 && columns < kColumnsForTwo) fmt::print("The two are equal.\n");
}

int show_solution(const std::string& wanted, bool before_passing) {
  const Book book = open_book();
  const Lesson& lesson = book.catalog.find(wanted);
  if (!fs::exists(solution_folder(book.workspace, lesson) / lesson.files.front()))
    throw UsageError(
        is_edition(book.workspace)
            ? fmt::format("this edition has no solution of lesson {}; your instructor may release it", lesson.number)
            : fmt::format("expected {}, found none",
                          shown(solution_folder(book.workspace, lesson) / lesson.files.front())));
  const Standing standing = Progress(book.workspace).of(lesson);
  if (!standing.finished() && !before_passing)
    throw UsageError(fmt::format(
        "expected lesson {} to have passed, found {}. A hint says less than the solution does: {}. To see it before "
        "you "
        "have passed: {}",
        lesson.number, standing.verdict ? spoken(*standing.verdict) : "a file that was edited since it was judged",
        call("hint " + lesson.number), call("solution " + lesson.number + " --anyway")));
  require_stub(lesson);
  const int columns = terminal_size(stdout).value_or(TerminalSize{}).columns;
  for (const std::string& file : lesson.files) {
    const fs::path mine = lesson.folder / file, model = solution_folder(book.workspace, lesson) / file;
    fmt::print("{}\n\n", paint(Ink::bold, columns >= kColumnsForTwo
                                              ? fmt::format("{}: yours on the left, the model on the right", file)
                                              : file + ": - is yours, + the model's"));
    show_both(mine, model, columns);
    fmt::print("\n");
  }
  if (const auto worth = read_file(solution_folder(book.workspace, lesson) / "compare.md"))
    fmt::print("{}\n{}", paint(Ink::bold, "Worth comparing"), *worth);
  return 0;
}

}  // namespace

Action commands::solution(Options options) {
  auto lesson = std::make_shared<std::string>();
  auto anyway = std::make_shared<bool>(false);
  options.required("lesson", *lesson, "number, name or part of it");
  options.flag("--anyway", *anyway, "before you have passed it");
  return [lesson, anyway] { return show_solution(*lesson, *anyway); };
}

}  // namespace workbook::cli
