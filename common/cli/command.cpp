#include "common/cli/command.h"

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

std::string call(const std::string& arguments) { return self() + ' ' + arguments; }

}  // namespace workbook::cli
