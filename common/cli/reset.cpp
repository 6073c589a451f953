#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/your_work.h"
#include "common/system/terminal.h"
#include "common/workspace/state.h"

namespace workbook::cli {

namespace {

int reset_lesson(const std::string& wanted, bool yes) {
  const Book book = open_book();
  const Lesson& lesson = book.catalog.find(wanted);
  for (const std::string& file : lesson.files) read_pristine(book.workspace, lesson, file);  // says so if there is none
  if (!is_edited(book.workspace, lesson)) {
    fmt::print("Lesson {} is as it was handed out.\n", lesson.number);
    return 0;
  }
  if (!yes && !confirm(fmt::format("Give {} its first form back? Your work is kept aside.", lesson.id))) return 1;
  reset_files(book.workspace, lesson, [](const std::string& done) { fmt::print("{}\n", done); });
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
