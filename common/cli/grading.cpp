#include "common/cli/grading.h"

#include "common/cli/build.h"
#include "common/cli/command.h"

namespace workbook::cli {

Argv build_grading(const Workspace& workspace) {
  require_packages(workspace, {"grade"});
  const FileLock lock = lock_build(workspace);
  build_or_fail(workspace, {"grading"}, "Building the grading program");
  return {(workspace.build / "bin/grading").string()};
}

void become_grading(const Argv& arguments) {
  Argv call = build_grading(find_workspace());
  call.insert(call.end(), arguments.begin(), arguments.end());
  become(call);
}

}  // namespace workbook::cli
