#include <memory>

#include <fmt/core.h>

#include "common/cli/board.h"
#include "common/cli/command.h"
#include "common/cli/judge.h"
#include "common/cli/progress.h"
#include "common/system/errors.h"
#include "common/system/terminal.h"

namespace workbook::cli {

namespace {

/// Judges the first lesson unless its verdict is known already.
void judge_first_lesson(const Book& book, const Lesson& lesson) {
  const Standing known = Progress(book.workspace).of(lesson);
  if (known.verdict && known.max_points > 0) return;
  JudgeOptions quiet;
  quiet.quiet = true;
  const Judged judged = judge(book.workspace, lesson, implementation(book.workspace, lesson, "mine"), quiet);
  keep_result(book.workspace, lesson, judged.hash, judged.report);
}

int start_workbook() {
  const Book book = open_book();
  if (book.catalog.lessons.empty())
    throw Error("expected lessons in " + shown(book.workspace.root / "lessons") + ", found none");
  const Lesson& first = book.catalog.lessons.front();
  judge_first_lesson(book, first);
  const Progress progress(book.workspace);
  const Standing standing = progress.of(first);
  print_board(book, progress);
  if (standing.verdict == Verdict::not_started)
    fmt::print("Everything works. Lesson {} was judged: not started, {} points to earn.\n\n", first.number,
               standing.max_points);
  print_next(book, progress);
  fmt::print("  stuck {}\n", call("hint " + first.number));
  return 0;
}

}  // namespace

Action commands::start(Options options) {
  auto yes = std::make_shared<bool>(false);  // the launcher has set up the machine before this program could be built
  options.flag("--yes", *yes, "install what is missing without asking");
  return [yes] { return start_workbook(); };
}

}  // namespace workbook::cli
