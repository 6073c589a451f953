#include "common/checker/checker_main.h"

#include <sys/prctl.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "common/checker/reporter.h"

namespace workbook {
namespace {

constexpr const char* kUsage = R"(usage: checker --plugin FILE.so [options]
  --worker FILE     the worker to load it with (default: ../../bin/worker beside this program)
  --report FILE     one JSON object per line: run, test, ..., end
  --test NAME       only this test (may be repeated; its exact name)
  --hidden          hidden tests too
  --seed N          seed of the random inputs (default 1)
  --cpu-seconds S   computing time allowed to one call (default 5)
  --show-output     everything the implementation printed
  --color           colour
  --quiet           nothing on stdout
  --in-process      load the implementation into this process, for a debugger
  --grading         refuse what a grader must not do; never look into the implementation's file
  --list            the tests as JSON, then stop
)";

struct Arguments {
  RunOptions run;
  ReportOptions report;
  std::vector<std::string> tests;
  bool hidden = false, grading = false, list = false;
};

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

double positive_number(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value > 0))
    throw UsageError(option + " expects a positive number; found \"" + text + "\"");
  return value;
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  arguments.run.worker = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../../bin/worker";
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (++i == argc) throw UsageError(option + " expects a value");
      return argv[i];
    };
    if (option == "--plugin") arguments.run.plugin = value();
    else if (option == "--worker") arguments.run.worker = value();
    else if (option == "--report") arguments.report.file = value();
    else if (option == "--test") arguments.tests.push_back(value());
    else if (option == "--hidden") arguments.hidden = true;
    else if (option == "--seed") arguments.report.seed = static_cast<std::uint64_t>(positive_number(option, value()));
    else if (option == "--cpu-seconds") arguments.run.limits.cpu_seconds = positive_number(option, value());
    else if (option == "--show-output") arguments.report.show_output = true;
    else if (option == "--color") arguments.report.color = true;
    else if (option == "--quiet") arguments.report.quiet = true;
    else if (option == "--in-process") arguments.run.in_process = true;
    else if (option == "--grading") arguments.grading = true;
    else if (option == "--list") arguments.list = true;
    else throw UsageError("unknown option " + option);
  }
  if (arguments.list) return arguments;
  if (arguments.run.plugin.empty()) throw UsageError("expected --plugin FILE.so");
  if (arguments.grading && arguments.run.in_process)
    throw UsageError("--in-process is refused with --grading: an implementation never runs in the process that judges it");
  arguments.run.trust_plugin = !arguments.grading;
  if (!arguments.run.in_process && !std::filesystem::exists(arguments.run.worker))
    throw UsageError("no worker at " + arguments.run.worker);
  if (!std::filesystem::exists(arguments.run.plugin)) throw UsageError("no plugin at " + arguments.run.plugin);
  return arguments;
}

/// A Catch2 test specification for exactly these names.
std::string specification(const std::vector<TestInfo>& chosen) {
  std::string spec;
  for (const TestInfo& test : chosen) {
    std::string escaped;
    for (const char c : test.name) escaped += (std::string_view(",[]\"*\\").find(c) != std::string_view::npos ? "\\" : "") + std::string(1, c);
    spec += (spec.empty() ? "\"" : ",\"") + escaped + "\"";
  }
  return spec;
}

std::vector<TestInfo> choose(const std::vector<TestInfo>& all, const Arguments& arguments) {
  std::vector<TestInfo> chosen;
  for (const std::string& name : arguments.tests)
    if (std::ranges::find(all, name, &TestInfo::name) == all.end()) throw UsageError("no test is named \"" + name + "\"");
  for (const TestInfo& test : all) {
    const bool named = std::ranges::find(arguments.tests, test.name) != arguments.tests.end();
    if (arguments.tests.empty() ? arguments.hidden || test.group != "hidden" : named) chosen.push_back(test);
  }
  return chosen;
}

int run(const Arguments& arguments, CheckerRun& checker) {
  const std::vector<TestInfo> all = all_tests(checker);
  if (arguments.list) {
    std::puts(list_as_json(all).c_str());
    return 0;
  }
  const std::vector<TestInfo> chosen = choose(all, arguments);
  Report report(arguments.report);
  checker.report = &report;
  report.begin(chosen.size());
  if (!chosen.empty() && !run_tests(checker, specification(chosen)))
    throw std::runtime_error("Catch2 did not accept the list of tests");
  return exit_code(report.end());
}

}  // namespace

int checker_main(int argc, char** argv, const std::string& lesson, const std::string& contract) try {
  Arguments arguments = parse(argc, argv);
  // Without this a worker of the same user could write to this process's memory through /proc. A debugger must.
  if (!arguments.run.in_process) prctl(PR_SET_DUMPABLE, 0);
  arguments.report.lesson = lesson;
  arguments.report.plugin = arguments.run.plugin;
  CheckerRun checker{.lesson = lesson, .contract = contract, .options = arguments.run, .seed = arguments.report.seed};
  if (arguments.report.show_output) checker.shown_output = std::size_t{16} << 20;
  return run(arguments, checker);
} catch (const UsageError& e) {
  std::fprintf(stderr, "%s: %s\n%s", argv[0], e.what(), kUsage);
  return kExitUsage;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
  return kExitFault;
}

}  // namespace workbook
