#include <memory>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/text.h"
#include "common/workspace/build.h"

namespace workbook::cli {

namespace {

struct StudyOptions {
  std::string lesson;
  int port = 0;
  bool no_browser = false, plain = false;
};

/// The packages that the pages are built with and that are not installed, as one line.
std::string missing_tools(const Workspace& workspace) {
  const Ended ended = run({.argv = {"bash", (workspace.root / "common/cli/setup.sh").string(), "--missing", "docs"},
                           .folder = {},
                           .capture = true});
  return ended.ok() ? "" : std::string(trimmed(ended.output));
}

/// Is a lesson's text newer than the pages?
bool are_old(const fs::path& pages, const Book& book) {
  const auto built = fs::last_write_time(pages / "index.html");
  for (const Lesson& lesson : book.catalog.lessons) {
    std::error_code error;
    const auto written = fs::last_write_time(lesson.folder / "README.md", error);
    if (!error && written > built) return true;
  }
  return false;
}

/// The folder of the built pages. Empty if the lessons' texts are to be shown plainly; it says why.
fs::path pages_to_serve(const Book& book) {
  const fs::path pages = book.workspace.build / "docs/html";
  if (fs::exists(pages / "index.html")) {
    if (are_old(pages, book))
      fmt::print("A lesson's text is newer than the built pages. `{}` builds them again.\n", call("docs"));
    return pages;
  }
  if (!fs::exists(book.workspace.root / "docs/Doxyfile")) {
    fmt::print("The pages are not part of this tree, so the lessons' texts are shown plainly.\n");
    return {};
  }
  const std::string missing = missing_tools(book.workspace);
  if (missing.empty()) {
    fmt::print("Building the pages, which takes a few minutes once ...\n");
    std::fflush(stdout);
    return build_pages(book.workspace);
  }
  fmt::print(
      "The lessons are shown plainly, without formulas and moving figures, because this is not installed: {}.\n"
      "`{}` offers to install it and builds the pages.\n",
      missing, call("docs"));
  return {};
}

int study_lesson(const StudyOptions& options) {
  if (options.port < 0 || options.port > 65535)
    throw UsageError(fmt::format("expected a port from 0 to 65535, found {}", options.port));
  const Book book = open_book();
  const Lesson& lesson = chosen_lesson(book, options.lesson, "study");
  require_packages(book.workspace, {"study"});
  {
    const FileLock lock = lock_build(book.workspace);
    build_or_fail(book.workspace, {"study"}, "Building the server of the pages");
  }
  const fs::path pages = options.plain ? fs::path() : pages_to_serve(book);
  Argv server{book.workspace.build / "bin/study",
              "--judge",
              book.workspace.build / "bin/workbook",
              "--lesson",
              lesson.id,
              "--port",
              std::to_string(options.port)};
  if (!pages.empty()) server.insert(server.end(), {"--pages", pages.string()});
  if (options.no_browser) server.emplace_back("--no-browser");
  std::fflush(stdout);
  become(server);
}

}  // namespace

Action commands::study(Options options) {
  auto study = std::make_shared<StudyOptions>();
  options.text("lesson", study->lesson,
               "number, name or part of it; without: the one whose folder this is, else the next unfinished one");
  options.flag("--no-browser", study->no_browser, "only print the address");
  options.number("--port", study->port, "listen on this port of 127.0.0.1 (default: any that is free)");
  options.flag("--plain", study->plain, "show the lessons' texts plainly, without building the documentation");
  return [study] { return study_lesson(*study); };
}

}  // namespace workbook::cli
