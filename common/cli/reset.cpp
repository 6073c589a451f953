#include <map>
#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/terminal.h"
#include "common/workspace/state.h"

namespace workbook::cli {

namespace {

/// Where the student's file is kept; never a name that is taken.
fs::path backup_path(const Workspace& workspace, const Lesson& lesson, const std::string& file) {
  const fs::path folder = workspace.state / "backups" / lesson.id;
  const std::string time = timestamp();
  fs::path path = folder / fmt::format("{}-{}", time, file);
  for (int n = 2; fs::exists(path); ++n) path = folder / fmt::format("{}.{}-{}", time, n, file);
  return path;
}

int reset_lesson(const std::string& wanted, bool yes) {
  const Book book = open_book();
  const Lesson& lesson = book.catalog.find(wanted);
  std::map<std::string, std::string> pristine;
  for (const std::string& file : lesson.files) pristine[file] = read_pristine(book.workspace, lesson, file);
  if (!is_edited(book.workspace, lesson)) {
    fmt::print("Lesson {} is as it was handed out.\n", lesson.number);
    return 0;
  }
  if (!yes && !confirm(fmt::format("Give {} its first form back? Your work is kept aside.", lesson.id))) return 1;
  for (const auto& [file, text] : pristine) {
    const fs::path stub = lesson.folder / file;
    const auto mine = read_file(stub);
    if (mine == text) continue;
    if (mine) {
      const fs::path backup = backup_path(book.workspace, lesson, file);
      write_atomically(backup, *mine);
      fmt::print("Your work is kept in {}\n", shown(backup));
    }
    write_atomically(stub, text);
    fmt::print("{} is as it was handed out.\n", shown(stub));
  }
  return 0;
}

}  // namespace

Action commands::reset(Options options) {
  auto lesson = std::make_shared<std::string>();
  auto yes = std::make_shared<bool>(false);
  options.required("lesson", *lesson, "number, name or part of it");
  options.flag("--yes", *yes, "do not ask");
  return [lesson, yes] { return reset_lesson(*lesson, *yes); };
}

}  // namespace workbook::cli
