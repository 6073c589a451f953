#include "common/cli/command.h"

#include <fmt/core.h>

#include "common/cli/progress.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/workspace/state.h"

namespace workbook::cli {

Book open_book() {
  Book book{find_workspace(), {}};
  book.catalog = read_catalog(book.workspace);
  keep_pristine_stubs(book.workspace, book.catalog);
  return book;
}

void require_packages(const Workspace& workspace, const std::vector<std::string>& groups, bool yes) {
  Process setup{.argv = {"bash", (workspace.root / "common/cli/setup.sh").string()}, .folder = {}};
  if (yes) setup.argv.emplace_back("--yes");
  setup.argv.insert(setup.argv.end(), groups.begin(), groups.end());
  if (!run(setup).ok()) throw Error("this command needs the packages above");
}

const Lesson& chosen_lesson(const Book& book, const std::string& wanted, const std::string& command) {
  if (!wanted.empty()) return book.catalog.find(wanted);
  std::error_code ignored;
  const std::string here = fs::current_path(ignored).string() + "/";
  for (const Lesson& lesson : book.catalog.lessons)
    if (here.starts_with(lesson.folder.string() + "/")) return lesson;
  const Lesson* next = Progress(book.workspace).next(book.catalog);
  if (next != nullptr) return *next;
  if (book.catalog.lessons.empty()) throw UsageError("expected a lesson to judge, found none");
  throw UsageError(fmt::format("every lesson is finished; name one to judge it again: {}", call(command + " 01")));
}

std::string call(const std::string& arguments) { return self() + ' ' + arguments; }

}  // namespace workbook::cli
