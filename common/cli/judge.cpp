#include "common/cli/judge.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <future>
#include <thread>

#include <fmt/core.h>

#include "common/system/errors.h"
#include "common/system/file_descriptor.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/process.h"
#include "common/system/terminal.h"
#include "common/system/text.h"
#include "common/workspace/compiler_output.h"
#include "common/workspace/state.h"

namespace workbook::cli {

namespace {

/// A file in memory that another process can open by name: no disk to be full, nothing to clean up.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("report", MFD_CLOEXEC)) {
    if (file_ < 0) throw Error(fmt::format("cannot make a file in memory: {}", std::strerror(errno)));
  }
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return fmt::format("/proc/{}/fd/{}", ::getpid(), file_); }
  std::string content() const { return read_file(path()).value_or(""); }

 private:
  int file_;
};

struct Run {
  report::Report report;
  std::string output;  ///< if captured
};

struct RunWith {
  const char* worker = "worker";
  bool capture = false;
  std::string rest_of_build{};  ///< a pipe, from which the checker hears when it has been built
};

/// Tells a checker that began early how the build has ended; by default, that it came to nothing.
class RestOfBuild {
 public:
  RestOfBuild() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    reader_ = FileDescriptor(ends[0]);
    writer_ = FileDescriptor(ends[1]);
  }

  /// For the checker, as long as this object lives.
  std::string pipe() const { return fmt::format("/proc/{}/fd/{}", ::getpid(), reader_.get()); }

  void built() const {
    if (::write(writer_.get(), &kBuilt, 1) != 1) throw Error("the checker cannot be told that the build has ended");
  }

 private:
  FileDescriptor reader_, writer_;
};

/// Everything the checker reported and printed.
std::string all_text(const Run& run) {
  std::string text;
  for (const report::Result& test : run.report.tests) text += test.message + '\n' + test.output + '\n';
  return text + run.output;
}

/// @throws UsageError when the lesson has no test of that name.
void check_test_names(const Workspace& workspace, const Lesson& lesson, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return;
  const Ended list = run(
      {.argv = {(workspace.lesson_build(lesson.id) / "checker").string(), "--list"}, .folder = {}, .capture = true});
  std::vector<std::string> names;
  for (const report::Test& test : report::list_from_json(list.output)) names.push_back(test.name);
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string near = nearest(name, names);
    throw UsageError(fmt::format("expected the name of a test of {}, found \"{}\"{}", lesson.id, name,
                                 near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }
}

bool runs_side_by_side(const JudgeOptions& options) {
  return options.jobs > 1 && !options.on_gpu && !options.in_process;
}

Run run_checker(const Workspace& workspace, const Lesson& lesson, const Implementation& impl,
                const JudgeOptions& options, const RunWith& with) {
  const MemoryFile report;
  Process checker{.argv = {(workspace.lesson_build(lesson.id) / "checker").string(), "--plugin", impl.plugin.string(),
                           "--worker", (workspace.build / "bin" / with.worker).string(), "--report",
                           options.on_event ? "/dev/stdout" : report.path(), "--seed", std::to_string(options.seed)},
                  .folder = {}};
  for (const std::string& test : options.tests) checker.argv.insert(checker.argv.end(), {"--test", test});
  for (const std::string& test : options.first) checker.argv.insert(checker.argv.end(), {"--first", test});
  if (runs_side_by_side(options)) checker.argv.insert(checker.argv.end(), {"--jobs", std::to_string(options.jobs)});
  if (!with.rest_of_build.empty()) checker.argv.insert(checker.argv.end(), {"--rest-of-build", with.rest_of_build});
  if (options.most_told > 0)
    checker.argv.insert(checker.argv.end(), {"--most-told", std::to_string(options.most_told)});
  const std::pair<bool, const char*> flags[] = {{options.hidden, "--hidden"},
                                                {options.show_output, "--show-output"},
                                                {options.in_process, "--in-process"},
                                                {options.quiet || options.on_event, "--quiet"},
                                                {options.on_event != nullptr, "--follow"},
                                                {options.meter, "--meter"},
                                                {options.on_gpu, "--gpu"},
                                                {has_colour(stdout), "--color"},
                                                {options.forged_meter, "--forged-meter"},
                                                {options.kernels_last, "--kernels-last"},
                                                {options.check_tolerances, "--check-tolerances"}};
  for (const auto& [wanted, flag] : flags)
    if (wanted) checker.argv.emplace_back(flag);
  checker.capture = with.capture || options.quiet || options.on_event;
  std::string events;
  if (options.on_event)
    checker.on_line = [&](std::string_view line) {
      if (!line.starts_with('{')) return;  // it complains; that is told when it has ended
      options.on_event(line);
      events += std::string(line) + '\n';
    };
  const Ended ended = run(checker);

  if (ended.signal == SIGPIPE) std::raise(SIGPIPE);  // whoever read the output has left, and so do we
  Run result{report::read_report(options.on_event ? events : report.content()), ended.output};
  if (result.report.complete) return result;
  if (ended.exit_code == kExitUsage)
    throw UsageError(ended.output.empty() ? "the checker refused its arguments" : ended.output);
  throw Error(fmt::format(
      "the checker of {} ended before its report was complete ({}). This says nothing about your file.{}{}", lesson.id,
      ended.signal != 0 ? ::strsignal(ended.signal) : fmt::format("exit code {}", ended.exit_code),
      ended.output.empty() ? "" : "\n", ended.output));
}

/// How far a build is, to whoever follows the run.
BuildListener steps_told(const JudgeOptions& options) {
  if (!options.on_event) return {};
  return {.step = [tell = options.on_event](int done, int steps) {
    tell(nlohmann::json{{"event", "building"}, {"done", done}, {"steps", steps}}.dump());
  }};
}

void tell_warnings(const std::string& warnings, const JudgeOptions& options) {
  if (!warnings.empty() && options.on_event)
    options.on_event(nlohmann::json{{"event", "warnings"}, {"text", warnings}}.dump());
  else if (!warnings.empty() && !options.quiet)
    fmt::print("{}\n", warnings);
}

}  // namespace

Implementation Implementation::flavour(const std::string& name) const {
  Implementation other = *this;
  other.target += "." + name;
  other.plugin.replace_extension(name + ".so");
  return other;
}

void require_stub(const Lesson& lesson) {
  for (const fs::path& file : lesson.files_in(lesson.folder))
    if (!fs::exists(file))
      throw UsageError(
          fmt::format("expected your file {}, found none; `{}` brings back its first form, and what you had "
                      "before an earlier reset is in .workbook/backups",
                      shown(file), self() + " reset " + lesson.number));
}

int processors() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

Implementation implementation(const Workspace& workspace, const Lesson& lesson, const std::string& impl) {
  const fs::path plugins = workspace.lesson_build(lesson.id);
  const fs::path solutions = workspace.root / "solutions" / lesson.id;
  const auto made = [&](const std::string& target, const std::string& plugin, const fs::path& sources) {
    Implementation made{
        lesson.id + "." + target, plugins / (plugin + ".so"), lesson.files_in(sources), impl == "mine", {}};
    for (const std::string& flavour : lesson.flavours) made.along.push_back(made.flavour(flavour).target);
    return made;
  };
  if (impl == "mine") {
    require_stub(lesson);
    return made("student", "student", lesson.folder);
  }
  if (impl == "solution") {
    if (!fs::exists(solutions / lesson.files.front()))
      throw UsageError(fmt::format("this edition has no solution of {}", lesson.id));
    return made("solution", "solution", solutions);
  }
  if (impl == "hunt") {
    const fs::path hunt = workspace.state / "hunts" / lesson.id;
    if (!fs::exists(hunt / lesson.files.front()))
      throw UsageError(
          fmt::format("expected a bug hunt that has begun, found none; begin: {} hunt {}", self(), lesson.number));
    return made("hunt", "hunt", hunt);
  }
  const fs::path mistake = impl;
  if (mistake.parent_path() != "mistakes" || !fs::exists(solutions / (impl + ".diff")))
    throw UsageError(fmt::format("expected --impl mine, solution, hunt or mistakes/<name>, found {}", impl));
  return made("mistake." + mistake.filename().string(), impl, plugins / impl);
}

Judged judge(const Workspace& workspace, const Lesson& lesson, const Implementation& impl,
             const JudgeOptions& options) {
  if (options.on_gpu && !lesson.has_kernels())
    throw UsageError(fmt::format("expected --gpu with a CUDA lesson; {} runs on the processor", lesson.id));
  FileLock lock = lock_build(workspace);
  Snapshot before;
  BuildListener listener = steps_told(options);
  listener.about_to_read = [&] { before = snapshot(lesson); };
  std::future<Run> run;  // outlives what it reads from, and waits for the checker's end
  const RestOfBuild rest;
  std::function<void(const std::string&)> begin_early;
  if (runs_side_by_side(options) && options.tests.empty())
    begin_early = [&](const std::string& warnings) {
      tell_warnings(warnings, options);
      run = std::async(std::launch::async, [&, pipe = rest.pipe()] {
        return run_checker(workspace, lesson, impl, options, {.rest_of_build = pipe});
      });
    };
  const Compiled compiled = build_implementation(workspace, lesson, impl, options.on_gpu, listener, begin_early);
  Judged judged{{}, compiled.problem, {}};
  if (snapshot(lesson) == before) judged.hash = before.hash;
  judged.report.verdict = Verdict::does_not_compile;
  if (!judged.problem.empty()) return judged;
  lock.share();
  if (run.valid()) {
    rest.built();
    judged.report = run.get().report;
    return judged;
  }
  tell_warnings(compiled.warnings, options);
  check_test_names(workspace, lesson, options.tests);
  judged.report = run_checker(workspace, lesson, impl, options, {}).report;
  return judged;
}

report::Report run_checks(const Workspace& workspace, const Lesson& lesson, const Implementation& impl,
                          const JudgeOptions& options) {
  return run_checker(workspace, lesson, impl, options, {.capture = true}).report;
}

std::optional<CrashReport> explain_crash(const Workspace& workspace, const Lesson& lesson, const Implementation& impl,
                                         const report::Report& report, const JudgeOptions& options) {
  const auto crashed = std::find_if(report.tests.begin(), report.tests.end(),
                                    [](const report::Result& test) { return test.verdict == Verdict::crashed; });
  if (crashed == report.tests.end() || lesson.has_kernels())  // the simulator has said where and why
    return std::nullopt;
  const Implementation checked = impl.flavour("asan");
  FileLock lock = lock_build(workspace);
  try {
    build_or_fail(workspace, {checked.target, "worker.asan"}, "Looking closer with the sanitizers",
                  steps_told(options));
  } catch (const Error& error) {
    fmt::print(stderr, "No closer look at the crash: {}\n", error.what());
    return std::nullopt;
  }
  lock.share();
  const JudgeOptions again{.hidden = true, .show_output = true, .seed = options.seed, .tests = {crashed->name}};
  const Run run = run_checker(workspace, lesson, checked, again, {.worker = "worker.asan", .capture = true});
  return CrashReport{crashed->name, sanitizer_finding(all_text(run), lesson.files)};
}

}  // namespace workbook::cli
