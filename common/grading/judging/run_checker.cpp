#include "common/grading/judging/run_checker.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/core.h>

#include "common/report/record.h"
#include "common/system/bounded_run.h"
#include "common/system/files.h"
#include "common/system/text.h"
#include "common/system/utf8.h"

namespace workbook::grading {
namespace {

constexpr std::uint64_t kLongestReply = std::uint64_t{48} << 20;  // four times the largest tensor of a test

/// The plugin and its flavours, where the sandbox can read and not change them.
fs::path put_in(const Sandbox& sandbox, const fs::path& plugin) {
  for (const auto& entry : fs::directory_iterator(plugin.parent_path())) {
    std::string file = entry.path().filename().string();
    if (!file.starts_with(plugin.stem().string() + ".") || !file.ends_with(".so")) continue;
    file.replace(0, plugin.stem().string().size(), "student");
    fs::copy_file(entry.path(), sandbox.box / "plugin" / file);
    chmod((sandbox.box / "plugin" / file).c_str(), 0644);
  }
  return sandbox.box / "plugin/student.so";
}

system::BoundedCommand command_for(const Sandbox& sandbox, const LessonBuild& lesson, const fs::path& plugin,
                                   const fs::path& report, const CheckerLimits& limits) {
  // confine only ties the checker's life to ours.
  system::BoundedCommand command{.argv = {(sandbox.box / "bin/confine").string(),
                                          "--environment",
                                          "kept",
                                          "--",
                                          lesson.checker.string(),
                                          "--grading",
                                          "--hidden",
                                          "--quiet",
                                          "--plugin",
                                          plugin.string(),
                                          "--worker",
                                          (lesson.stage->bin() / "worker.graded").string(),
                                          "--report",
                                          report.string(),
                                          "--cpu-seconds",
                                          fmt::format("{}", limits.cpu_seconds),
                                          "--idle-seconds",
                                          fmt::format("{}", limits.idle_seconds),
                                          "--reply-bytes",
                                          std::to_string(kLongestReply)},
                                 .wall_seconds = 3600 * limits.hours,
                                 .output_bytes = 4 << 10};
  // As many OpenMP threads on every machine: each has a stack, which counts as memory.
  Access access{.read = lesson.libraries, .environment = {"OMP_NUM_THREADS=2"}};
  access.read.insert(access.read.end(), {lesson.stage->bin(), sandbox.box / "plugin"});
  for (const std::string& word : sandbox_command(sandbox, access)) command.argv.push_back("--sandbox=" + word);
  return command;
}

bool is_verdict(int code) {
  return std::ranges::any_of(kVerdicts, [&](const VerdictInfo& known) { return known.exit_code == code; });
}

/// Signals for what a process does itself; the others come from outside.
bool is_own_doing(int signal) {
  constexpr int kOwn[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
  return std::ranges::find(kOwn, signal) != std::end(kOwn);
}

}  // namespace

CheckerResult run_checker(const Sandbox& sandbox, const LessonBuild& lesson, const fs::path& plugin, std::uint64_t seed,
                          const fs::path& report, const CheckerLimits& limits) try {
  clean_up(sandbox);
  CheckerResult result{.report_path = report.string()};
  system::BoundedCommand command = command_for(sandbox, lesson, put_in(sandbox, plugin), report, limits);
  command.environment = {"WORKBOOK_SEED=" + std::to_string(seed), "LC_ALL=C"};
  const system::Bounded run = system::run_bounded(command);
  result.exit_code = run.exit_code;
  result.seconds = run.seconds;
  result.sandbox_seconds = report::read_report(system::read_file(report).value_or("")).starting_s;
  if (run.late)
    result.fault = fmt::format("the tests did not end within {:.2g} h: is the machine too busy?", limits.hours);
  else if (run.signal == SIGXCPU)
    result.cut_short = {Verdict::timed_out, "the checker was ended for computing too long"};
  else if (is_own_doing(run.signal))
    result.cut_short = {Verdict::crashed, fmt::format("the checker was ended by signal {}", run.signal)};
  else if (run.signal != 0)
    result.fault = fmt::format("the checker was ended by signal {}", run.signal);
  else if (!is_verdict(run.exit_code))
    result.fault =
        fmt::format("the checker ended with exit code {}: {}", run.exit_code, system::printable(run.output, 1000));
  clean_up(sandbox);
  return result;
} catch (const std::exception& error) {
  return {.report_path = report.string(), .fault = error.what()};
}

}  // namespace workbook::grading
