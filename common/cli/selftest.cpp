#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <regex>
#include <thread>

#include <fmt/core.h>

#include "common/cli/command.h"
#include "common/report/verdict.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/workspace/build.h"

namespace workbook::cli {

namespace {

using Clock = std::chrono::steady_clock;

struct Step {
  std::string name;
  double seconds = 0;
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// A line of ctest's like " 3/52 Test #12: cli.commands ....   Passed    8.05 sec"; nothing in other lines.
std::optional<Step> finished_test(const std::string& line) {
  static const std::regex kFinished(R"(^ *\d+/\d+ Test +#\d+: (\S+) .* ([0-9.]+) sec)");
  std::smatch found;
  if (!std::regex_search(line, found, kFinished)) return std::nullopt;
  return Step{found[1], std::stod(found[2])};
}

void print_slowest(std::vector<Step> steps) {
  constexpr std::size_t kMost = 10;
  std::ranges::sort(steps, std::ranges::greater{}, &Step::seconds);
  fmt::print("\nThe slowest steps (some ran side by side):\n");
  for (std::size_t i = 0; i < std::min(kMost, steps.size()); ++i)
    fmt::print("{:8.1f} s  {}\n", steps[i].seconds, steps[i].name);
}

/// Builds what all tests need. @returns how long it took
Step build_everything(const Workspace& workspace) {
  const auto start = Clock::now();
  const FileLock lock = lock_build(workspace);
  build_or_fail(workspace, {"everything", "gpu"}, "Building everything");
  return {"building everything", seconds_since(start)};
}

int run_selftest(bool yes) {
  const Workspace workspace = find_workspace();
  require_packages(workspace, {"learn", "develop", "grade"}, yes);
  // Not every system has these packages; ctest then shows the tests of the documentation as skipped.
  for (const char* group : {"docs", "browser", "fuzz", "study"}) try {
      require_packages(workspace, {group}, yes);
    } catch (const Error&) {
      fmt::print("Not everything is checked in this run: {} is left out.\n", group);
    }
  if (!has_program("nvcc")) fmt::print("nvcc is not installed: nothing is compiled for a real GPU in this run.\n");
  std::vector<Step> steps{build_everything(workspace)};
  // One more than there are processors: grading's tests wait for limits to expire half of their time.
  const unsigned jobs = std::max(1U, std::thread::hardware_concurrency()) + 1;
  const auto note = [&](std::string_view line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
    if (const auto step = finished_test(std::string(line))) steps.push_back(*step);
  };
  // A student's own file may well fail its tests; the workbook's tests have a label of their own.
  const Ended ctest = run({.argv = {"ctest", "--test-dir", workspace.build.string(), "--label-regex", "selftest",
                                    "--output-on-failure", "--parallel", std::to_string(jobs)},
                           .folder = {},
                           .capture = true,
                           .on_line = note});
  print_slowest(std::move(steps));
  return ctest.ok() ? 0 : exit_code(Verdict::wrong);
}

}  // namespace

Action commands::selftest(Options options) {
  auto yes = std::make_shared<bool>(false);
  options.flag("--yes", *yes, "install what is missing without asking");
  return [yes] { return run_selftest(*yes); };
}

}  // namespace workbook::cli
