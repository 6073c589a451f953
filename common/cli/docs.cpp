#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/cli/errors.h"
#include "common/cli/process.h"
#include "common/cli/progress.h"

namespace workbook::cli {

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
  const Ended doxygen = run({.argv = {"doxygen", doxyfile.string()}, .folder = book.workspace.root, .capture = true});
  if (!doxygen.ok()) throw Error("doxygen failed:\n" + doxygen.output);
  return 0;
}

}  // namespace

Action commands::docs(Options) { return build_docs; }

}  // namespace workbook::cli
