#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/your_work.h"
#include "common/system/terminal.h"

namespace workbook::cli {

namespace {

int show_changes(const std::string& wanted) {
  const Book book = open_book();
  const Lesson& lesson = book.catalog.find(wanted);
  const std::string changes = changes_text(book.workspace, lesson, has_colour(stdout));
  if (changes.empty()) fmt::print("Lesson {} is as it was handed out.\n", lesson.number);
  fmt::print("{}", changes);
  return 0;
}

}  // namespace

Action commands::diff(Options options) {
  auto lesson = std::make_shared<std::string>();
  options.required("lesson", *lesson, "number, name or part of it");
  return [lesson] { return show_changes(*lesson); };
}

}  // namespace workbook::cli
