#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/judge.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/terminal.h"
#include "common/workspace/state.h"

namespace workbook::cli {

namespace {

int show_changes(const std::string& wanted) {
  const Book book = open_book();
  const Lesson& lesson = book.catalog.find(wanted);
  require_stub(lesson);
  bool changed = false;
  for (const std::string& file : lesson.files) {
    const fs::path before = pristine_path(book.workspace, lesson, file);
    const fs::path now = lesson.folder / file;
    read_pristine(book.workspace, lesson, file);  // says so if there is none
    const Ended diff =
        run({.argv = {"diff", "-u", "--strip-trailing-cr", has_colour(stdout) ? "--color=always" : "--color=never",
                      "--label", shown(now) + " (as handed out)", "--label", shown(now), before.string(), now.string()},
             .folder = {}});
    if (diff.exit_code > 1 || diff.exit_code < 0) throw Error("diff failed");
    changed = changed || diff.exit_code == 1;
  }
  if (!changed) fmt::print("Lesson {} is as it was handed out.\n", lesson.number);
  return 0;
}

}  // namespace

Action commands::diff(Options options) {
  auto lesson = std::make_shared<std::string>();
  options.required("lesson", *lesson, "number, name or part of it");
  return [lesson] { return show_changes(*lesson); };
}

}  // namespace workbook::cli
