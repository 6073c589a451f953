#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/workspace/build.h"

namespace workbook::cli {

namespace {

void draw(const Workspace& workspace, const Lesson& lesson) {
  build_or_fail(workspace, {lesson.id + ".figure"}, "Building the figure of lesson " + lesson.number);
  const Ended figure =
      run({.argv = {(workspace.lesson_build(lesson.id) / "figure").string()}, .folder = {}, .capture = true});
  if (!figure.ok() || figure.output.find("<svg") == std::string::npos)
    throw Error(fmt::format("expected the figure program of {} to print an SVG, found:\n{}", lesson.id,
                            figure.output.substr(0, 400)));
  const fs::path file = lesson.folder / "figure.svg";
  if (read_file(file) == figure.output) {
    fmt::print("{} is up to date\n", shown(file));
    return;
  }
  write_atomically(file, figure.output);
  fmt::print("{} drawn\n", shown(file));
}

int draw_figures(const std::string& wanted) {
  const Book book = open_book();
  const FileLock lock = lock_build(book.workspace);
  const auto has_figure = [&](const Lesson& lesson) {
    return fs::exists(book.workspace.root / "solutions" / lesson.id / "figure.cpp");
  };
  if (!wanted.empty()) {
    const Lesson& lesson = book.catalog.find(wanted);
    if (!has_figure(lesson)) throw UsageError(fmt::format("expected solutions/{}/figure.cpp, found none", lesson.id));
    draw(book.workspace, lesson);
    return 0;
  }
  for (const Lesson& lesson : book.catalog.lessons)
    if (has_figure(lesson)) draw(book.workspace, lesson);
  return 0;
}

}  // namespace

Action commands::figures(Options options) {
  auto lesson = std::make_shared<std::string>();
  options.text("lesson", *lesson, "number, name or part of it (default: all)");
  return [lesson] { return draw_figures(*lesson); };
}

}  // namespace workbook::cli
