#include "common/cli/grading.h"

#include <memory>
#include <stdexcept>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/options/grading.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/workspace/build.h"

namespace workbook::cli {

Argv build_grading(const Workspace& workspace) {
  require_packages(workspace, {"grade"});
  const FileLock lock = lock_build(workspace);
  build_or_fail(workspace, {"grading"}, "Building the grading program");
  return {(workspace.build / "bin/grading").string()};
}

int run_grading(const std::vector<std::string>& arguments) {
  try {
    if (const auto help = grading::help_asked_for(self(), arguments)) {
      fmt::print("{}", *help);
      return 0;
    }
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("{}; see `{}`", error.what(), call(arguments.front() + " --help")));
  }
  Argv program = build_grading(find_workspace());
  program.insert(program.end(), arguments.begin(), arguments.end());
  become(program);
}

namespace {

/// A command of ours that is one of the grading program's: it reads the options itself.
Action grading_command(const char* name, Options options) {
  auto arguments = std::make_shared<Argv>();
  options.rest(*arguments);
  return [name, arguments] {
    arguments->insert(arguments->begin(), name);
    return run_grading(*arguments);
  };
}

}  // namespace

Action commands::release(Options options) { return grading_command("release", options); }

Action commands::bundle(Options options) { return grading_command("bundle", options); }

Action commands::grade(Options options) { return grading_command("grade", options); }

}  // namespace workbook::cli
