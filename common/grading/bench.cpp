/// `bench`: how much grading a machine gets done, measured on a made-up class.

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/core.h>

#include "common/grading/judging/class_run.h"
#include "common/grading/judging/sample_class.h"
#include "common/grading/program.h"
#include "common/system/bounded_run.h"
#include "common/system/errors.h"
#include "common/system/json.h"

namespace workbook::grading {

namespace {

/// Processor time of this process and of its children that have ended.
double cpu_seconds() {
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime})
      sum += static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  }
  return sum;
}

/// What it takes to enter and leave a sandbox in which nothing happens: the median of some tries.
double seconds_per_sandbox(bool allow_weak) {
  const Sandbox sandbox = strongest_sandbox(0, {.allow_weak = allow_weak});
  system::BoundedCommand nothing{.argv = sandbox_command(sandbox, {.tools = true}), .says_ready = true};
  nothing.argv.emplace_back("/usr/bin/true");
  std::array<double, 21> tries{};
  for (double& seconds : tries) seconds = system::run_bounded(nothing).seconds;
  std::ranges::nth_element(tries, tries.begin() + tries.size() / 2);
  return tries[tries.size() / 2];
}

struct Measured {
  int students = 0, jobs = 0;
  std::size_t lessons = 0, gradings = 0;
  double wall = 0, cpu = 0;
  Timing time;         ///< by the wall clock
  double sandbox = 0;  ///< part of both
  std::string tier;

  double per_minute_and_core() const { return 60 * static_cast<double>(gradings) / cpu; }
};

Measured measure(const workspace::Workspace& workspace, const BenchOptions& options) {
  const workspace::Catalog catalog = workspace::read_catalog(workspace);
  ClassOptions run{.jobs = options.jobs, .allow_weak_sandbox = options.allow_weak};
  std::vector<workspace::Lesson> lessons;
  for (const std::string& name : options.lessons) lessons.push_back(catalog.find(name));
  if (lessons.empty()) lessons = catalog.lessons;
  for (const workspace::Lesson& lesson : lessons) run.lessons.push_back(lesson.id);
  const system::ScratchFolder scratch;
  // An empty class first: what is built once for all is not the class's.
  run.submissions = scratch.path() / "warm";
  run.out = scratch.path() / "out.warm";
  write_sample_class(workspace, lessons, run.submissions, 1, 2);
  grade_class(workspace, run);
  run.submissions = scratch.path() / "class";
  run.out = scratch.path() / "out";
  write_sample_class(workspace, lessons, run.submissions, options.students, static_cast<std::uint64_t>(options.seed));
  const double cpu_before = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  const ClassResult result = grade_class(workspace, run);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  if (!result.book.results.faults.empty())
    throw system::Error(fmt::format("the grader failed {} times, first: {}", result.book.results.faults.size(),
                                    result.book.results.faults.begin()->second));
  const double sandbox = static_cast<double>(result.sandboxes) * seconds_per_sandbox(options.allow_weak);
  return {.students = options.students,
          .jobs = options.jobs,
          .lessons = lessons.size(),
          .gradings = result.judged,
          .wall = wall.count(),
          .cpu = cpu_seconds() - cpu_before,
          .time = result.time,
          .sandbox = sandbox,
          .tier = result.sandbox};
}

void print(const Measured& m) {
  const double all = m.time.compile + m.time.run;
  fmt::print("{} students, {} lessons, {} submitted lessons graded, {} at a time, sandbox: {}\n", m.students, m.lessons,
             m.gradings, m.jobs, m.tier);
  fmt::print("wall time         {:8.1f} s   {:.1f} students per minute\n", m.wall, 60 * m.students / m.wall);
  fmt::print("processor time    {:8.1f} s   {:.1f} lessons per minute and core\n", m.cpu, m.per_minute_and_core());
  fmt::print("of the time in slots: compile {:.0f} %, run {:.0f} %; of both, the sandbox {:.0f} %\n",
             100 * m.time.compile / all, 100 * m.time.run / all, 100 * m.sandbox / all);
}

void print_json(const Measured& m) {
  fmt::print("{}\n", nlohmann::json{{"students", m.students},
                                    {"lessons", m.lessons},
                                    {"gradings", m.gradings},
                                    {"jobs", m.jobs},
                                    {"sandbox", m.tier},
                                    {"wall_s", m.wall},
                                    {"cpu_s", m.cpu},
                                    {"gradings_per_minute_and_core", m.per_minute_and_core()},
                                    {"compile_s", m.time.compile},
                                    {"run_s", m.time.run},
                                    {"sandbox_s", m.sandbox}}
                         .dump(1));
}

}  // namespace

int commands::bench(const BenchOptions& options) {
  const Measured measured = measure(workspace::find_workspace(), options);
  options.as_json ? print_json(measured) : print(measured);
  return 0;
}

}  // namespace workbook::grading
