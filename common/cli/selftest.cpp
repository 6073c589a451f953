#include <algorithm>
#include <memory>
#include <thread>

#include <fmt/core.h>

#include "common/cli/build.h"
#include "common/cli/command.h"
#include "common/cli/errors.h"
#include "common/cli/process.h"

namespace workbook::cli {

namespace {

int run_selftest(bool yes) {
  const Workspace workspace = find_workspace();
  require_packages(workspace, {"learn", "develop", "grade"}, yes);
  // Not every system has these packages; ctest then shows the tests of the documentation as skipped.
  for (const char* group : {"docs", "browser", "fuzz"}) try {
      require_packages(workspace, {group}, yes);
    } catch (const Error&) {
      fmt::print("Not everything is checked in this run: {} is left out.\n", group);
    }
  {
    const FileLock lock = lock_build(workspace);
    build_or_fail(workspace, {"everything"}, "Building everything");
  }
  if (!has_program("nvcc")) fmt::print("nvcc is not installed: nothing is compiled for a real GPU in this run.\n");
  const unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  // A student's own file may well fail its tests; the workbook's tests have a label of their own.
  become({"ctest", "--test-dir", workspace.build.string(), "--label-regex", "selftest", "--output-on-failure",
          "--parallel", std::to_string(jobs)});
}

}  // namespace

Action commands::selftest(Options options) {
  auto yes = std::make_shared<bool>(false);
  options.flag("--yes", *yes, "install what is missing without asking");
  return [yes] { return run_selftest(*yes); };
}

}  // namespace workbook::cli
