#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/progress.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/workspace/build.h"

namespace workbook::cli {

fs::path build_pages(const Workspace& workspace) {
  const fs::path pages = workspace.build / "docs", bench = workspace.build / "bin/bench";
  {
    const FileLock lock = lock_build(workspace);
    build_or_fail(workspace, {"workbook_bench"}, "Building the benchmark, which draws its report");
  }
  const Ended built =
      run({.argv = {"bash", workspace.root / "common/docs/build.sh", pages, bench}, .folder = {}, .capture = true});
  if (!built.ok()) throw Error("the pages could not be built:\n" + built.output);
  return pages / "html";
}

namespace {

int build_docs() {
  const Book book = open_book();
  const fs::path doxyfile = book.workspace.root / "docs/Doxyfile";
  if (!fs::exists(doxyfile)) {
    const Lesson* next = Progress(book.workspace).next(book.catalog);
    fmt::print("The pages are not part of this tree (no {}).\n", shown(doxyfile));
    if (next != nullptr) fmt::print("The text of your lesson: {}\n", shown(next->folder / "README.md"));
    return 0;
  }
  require_packages(book.workspace, {"docs"});
  fmt::print("The pages are built. In a browser, open {}\n", shown(build_pages(book.workspace) / "index.html"));
  return 0;
}

}  // namespace

Action commands::docs(Options) { return build_docs; }

}  // namespace workbook::cli
