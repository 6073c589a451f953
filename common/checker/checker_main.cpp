#include "common/checker/checker_main.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "common/checker/reporter.h"
#include "common/checker/side_by_side.h"

namespace workbook {
namespace {

struct Arguments {
  RunOptions run;
  ReportOptions report;
  std::vector<std::string> tests, first;
  SideBySide side_by_side;
  bool hidden = false, grading = false, forged_meter = false, list = false;
};

void describe(CLI::App& app, Arguments& a) {
  a.run.worker = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../../bin/worker";
  app.add_option("--plugin", a.run.plugin, "The implementation to judge");
  app.add_option("--worker", a.run.worker,
                 "The worker to load it with (default: ../../bin/worker beside this program)");
  app.add_option("--report", a.report.file, "Write one JSON object per line: run, test, ..., end");
  app.add_option("--test", a.tests, "Only this test: its exact name; may be repeated")->allow_extra_args(false);
  app.add_flag("--hidden", a.hidden, "Hidden tests too");
  auto* jobs = app.add_option("--jobs", a.side_by_side.jobs, "Tests that run side by side")
                   ->check(CLI::PositiveNumber)
                   ->capture_default_str();
  app.add_option("--first", a.first, "With --jobs: begin with this test, if there is one of that name; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--rest-of-build", a.side_by_side.rest_of_build,
                 "For programs, with --jobs: a pipe that says when the other flavours have been built");
  app.add_flag("--follow", a.report.follow,
               "For programs: the report names the tests in its first line, and tells each as soon as it has ended");
  app.add_option("--most-told", a.report.most_told, "Failures that are told in full (default: all)")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", a.report.seed, "Seed of the random inputs")
      ->envname("WORKBOOK_SEED")  // a secret seed: arguments are shown to every user of a machine
      ->capture_default_str();
  app.add_option("--cpu-seconds", a.run.limits.cpu_seconds, "Computing time allowed to one call")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--idle-seconds", a.run.limits.idle_seconds,
                 "Time allowed to the calls of one test in which they wait for something other than a processor")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--wall-seconds", a.run.limits.wall_seconds,
                 "Time by the clock allowed to one call (default: as long as the two limits above allow)")
      ->check(CLI::PositiveNumber);
  app.add_option("--reply-bytes", a.run.limits.reply, "Longest result of a call")->capture_default_str();
  app.add_option("--sandbox", a.run.sandbox,
                 "One word of the command that confines the worker's; repeated, as --sandbox=WORD")
      ->allow_extra_args(false);
  app.add_flag("--show-output", a.report.show_output, "Everything the implementation printed");
  app.add_flag("--meter", a.report.meter,
               "What each kernel launch loaded and stored (CUDA lessons, last call of a test)");
  app.add_flag("--color", a.report.color, "Colour");
  app.add_flag("--quiet", a.report.quiet, "Nothing on stdout");
  auto* in_process = app.add_flag("--in-process", a.run.in_process, "Load it into this process, for a debugger");
  app.add_flag("--grading", a.grading, "Refuse what a grader must not do; never look into the implementation's file")
      ->excludes(in_process)  // an implementation never runs in the process that judges it
      ->excludes(jobs);       // and has the machine's limits for itself
  app.add_flag("--forged-meter", a.forged_meter,
               "Judge workspace by the kernel's count alone, as if the implementation had forged its own to be none");
  app.add_flag("--kernels-last", a.run.kernels_last,
               "In the simulator kernels run when the host's code has returned, which sees no values (--grading does)");
  app.add_flag("--check-tolerances", a.run.check_tolerances,
               "A comparison whose tolerance admits twice or half of the expected values fails");
  auto* gpu = app.add_flag("--gpu", a.run.on_gpu, "Run everything on this machine's GPU");
  app.add_flag("--rehearse", a.run.rehearse, "With --gpu: the simulator's plain flavour takes the GPU's place")
      ->needs(gpu);
  app.add_flag("--list", a.list, "Print the tests as JSON, then stop");
}

/// What only makes sense when tests are run.
void check(const Arguments& a) {
  if (a.run.plugin.empty()) throw CLI::ValidationError("--plugin", "expected the implementation to judge");
  if (!a.run.on_gpu && !std::filesystem::exists(a.run.plugin))  // on a GPU, its other flavours are enough
    throw CLI::ValidationError("--plugin", "there is no " + a.run.plugin);
  if (!a.run.in_process && !std::filesystem::exists(a.run.worker))
    throw CLI::ValidationError("--worker", "there is no " + a.run.worker);
}

std::vector<report::Test> choose(const std::vector<report::Test>& all, const Arguments& arguments) {
  std::vector<report::Test> chosen;
  for (const std::string& name : arguments.tests)
    if (std::ranges::find(all, name, &report::Test::name) == all.end())
      throw CLI::ValidationError("--test", "no test is named \"" + name + "\"");
  for (const report::Test& test : all) {
    const bool named = std::ranges::find(arguments.tests, test.name) != arguments.tests.end();
    if (arguments.tests.empty() ? arguments.hidden || test.group != "hidden" : named) chosen.push_back(test);
  }
  return chosen;
}

/// Those named in `first`, which may name others, then the rest.
std::vector<report::Test> first_ones_first(std::vector<report::Test> tests, const std::vector<std::string>& first) {
  std::ranges::stable_partition(
      tests, [&](const report::Test& test) { return std::ranges::find(first, test.name) != first.end(); });
  return tests;
}

int run(const Arguments& arguments, CheckerRun& checker) {
  const std::vector<report::Test> all = all_tests(checker);
  report::expect_different_ids(all);
  if (arguments.list) {
    std::puts(report::list_to_json(all).c_str());
    return 0;
  }
  check(arguments);
  const std::vector<report::Test> chosen = choose(all, arguments);
  Report report(arguments.report);
  report.begin(chosen);
  checker.ended = [&](const TestResult& result) { report.add(result); };
  if (arguments.side_by_side.jobs > 1)
    run_side_by_side(checker, arguments.report, first_ones_first(chosen, arguments.first), arguments.side_by_side,
                     report);
  else if (!chosen.empty())
    run_tests(checker, chosen);
  if (report.tests_reported() != chosen.size())
    throw std::runtime_error("expected " + std::to_string(chosen.size()) + " tests to run; found " +
                             std::to_string(report.tests_reported()));
  return exit_code(report.end());
}

/// What a submission answers never takes the machine's memory or time: the test that needs more fails, and a checker
/// that computes for minutes is ended. Only the soft limits, for a worker sets its own.
void limit_itself() {
  rlimit data{};
  getrlimit(RLIMIT_DATA, &data);
  data.rlim_cur = std::min(data.rlim_max, rlim_t{4} << 30);
  setrlimit(RLIMIT_DATA, &data);
  rlimit cpu{};
  getrlimit(RLIMIT_CPU, &cpu);
  cpu.rlim_cur = std::min(cpu.rlim_max, rlim_t{300});
  setrlimit(RLIMIT_CPU, &cpu);
}

}  // namespace

int checker_main(int argc, char** argv, const std::string& lesson, const std::string& contract) {
  // Tensors come and go by the megabyte: keep their pages instead of asking the kernel for fresh ones each time.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  CLI::App app("Judges one implementation of lesson " + lesson);
  Arguments arguments;
  try {
    describe(app, arguments);
    app.parse(argc, argv);
    // Without this a worker of the same user could write to this process's memory through /proc. A debugger must.
    if (!arguments.run.in_process) prctl(PR_SET_DUMPABLE, 0);
    if (arguments.grading) limit_itself();
    arguments.run.trust_plugin = !arguments.grading;
    arguments.run.kernels_last |= arguments.grading;
    arguments.run.trust_meter = !arguments.forged_meter;
    arguments.report.lesson = lesson;
    arguments.report.plugin = arguments.run.plugin;
    arguments.report.on_gpu = arguments.run.on_gpu;
    arguments.report.rehearse = arguments.run.rehearse;
    CheckerRun checker{.lesson = lesson, .contract = contract, .options = arguments.run, .seed = arguments.report.seed};
    if (arguments.report.show_output) checker.shown_output = std::size_t{16} << 20;
    return run(arguments, checker);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kExitUsage;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "checker: %s\n", e.what());
    return kExitFault;
  }
}

}  // namespace workbook
