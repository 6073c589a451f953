#include "common/cli/grading.h"

#include <memory>

#include "common/cli/build.h"
#include "common/cli/command.h"

namespace workbook::cli {

Argv build_grading(const Workspace& workspace) {
  require_packages(workspace, {"grade"});
  const FileLock lock = lock_build(workspace);
  build_or_fail(workspace, {"grading"}, "Building the grading program");
  return {(workspace.build / "bin/grading").string()};
}

namespace {

/// A command of ours that is one of the grading program's: it reads the options itself.
Action grading_command(const char* name, Options options) {
  auto arguments = std::make_shared<Argv>();
  options.rest(*arguments);
  return [name, arguments]() -> int {
    Argv call = build_grading(find_workspace());
    call.emplace_back(name);
    call.insert(call.end(), arguments->begin(), arguments->end());
    become(call);
  };
}

}  // namespace

Action commands::release(Options options) { return grading_command("release", options); }

Action commands::bundle(Options options) { return grading_command("bundle", options); }

Action commands::grade(Options options) { return grading_command("grade", options); }

}  // namespace workbook::cli
