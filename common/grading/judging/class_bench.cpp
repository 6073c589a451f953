#include "common/grading/judging/class_bench.h"

#include <sys/stat.h>

#include <memory>

#include <fmt/format.h>

#include "common/checker/keep_pages.h"
#include "common/grading/judging/compile.h"
#include "common/grading/sandbox/sandbox.h"
#include "common/system/bounded_run.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/utf8.h"
#include "common/workspace/build.h"

namespace workbook::grading {

namespace {

/// What everybody is measured on: attention with a causal mask and without, 4 sequences of 1024 tokens.
constexpr const char* kContest[] = {"--models", "core_d32", "--layers", "multi-head,full", "--num-runs", "3"};

/// The lessons on the CPU that join the benchmark, ready to be compiled.
std::vector<LessonBuild> prepare_lessons(const workspace::Workspace& workspace, const std::vector<Entrant>& entrants) {
  const system::FileLock lock = workspace::lock_build(workspace);
  workspace::build_or_fail(workspace, {"workbook_bench"}, "Building the benchmark");
  const auto stage = std::make_shared<Stage>(workspace);
  std::vector<LessonBuild> lessons;
  for (const workspace::Lesson& lesson : workspace::read_catalog(workspace).lessons) {
    const bool joins = fs::exists(workspace.lesson_build(lesson.id) / "bench.json");
    const bool handed_in =
        std::ranges::any_of(entrants, [&](const Entrant& e) { return e.sources.contains(lesson.id); });
    if (joins && handed_in) lessons.push_back(prepare_lesson(stage, lesson.id, "bench"));
  }
  return lessons;
}

/// Plugins where the sandbox can read and not change them. @returns how many there are
int compile_all(const Sandbox& sandbox, const std::vector<LessonBuild>& lessons, const Entrant& entrant,
                const fs::path& folder) {
  int made = 0;
  for (const LessonBuild& lesson : lessons) {
    const auto source = entrant.sources.find(lesson.id);
    if (source == entrant.sources.end()) continue;
    const Compiled compiled =
        compile_submission(sandbox, lesson, source->second, folder / (lesson.id + ".mine.bench.so"));
    if (compiled.fault) throw system::Error(*compiled.fault);
    if (compiled.ok) ++made;
  }
  for (const auto& entry : fs::directory_iterator(sandbox.box / "plugin")) fs::remove(entry.path());
  if (made == 0) return 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path copy = sandbox.box / "plugin" / entry.path().filename();
    fs::copy_file(entry.path(), copy);
    chmod(copy.c_str(), 0644);
  }
  return made;
}

/// The benchmark is trusted and runs outside; its workers are confined.
system::BoundedCommand command_for(const workspace::Workspace& workspace, const Sandbox& sandbox,
                                   const LessonBuild& lesson) {
  system::BoundedCommand command{
      .argv = {(workspace.build / "bin/bench").string(), "--plugins", (sandbox.box / "plugin").string(), "--worker",
               (lesson.stage->bin() / "worker.graded").string(), "--impl", "mine", "--json"},
      .wall_seconds = 3600,
      .output_bytes = 4 << 20};
  command.argv.insert(command.argv.end(), std::begin(kContest), std::end(kContest));
  Access access{.read = lesson.libraries, .environment = {"OMP_NUM_THREADS=2", kKeepPages}};
  access.read.insert(access.read.end(), {lesson.stage->bin(), sandbox.box / "plugin"});
  for (const std::string& word : sandbox_command(sandbox, access)) command.argv.push_back("--sandbox=" + word);
  return command;
}

/// The results of one entrant, with the name that is shown.
std::string measure(const workspace::Workspace& workspace, const Sandbox& sandbox,
                    const std::vector<LessonBuild>& lessons, const Entrant& entrant, const fs::path& folder) {
  if (compile_all(sandbox, lessons, entrant, folder) == 0) throw system::Error("nothing that can be measured compiles");
  const system::Bounded run = system::run_bounded(command_for(workspace, sandbox, lessons.front()));
  clean_up(sandbox);
  nlohmann::json document = nlohmann::json::parse(run.output, nullptr, false);
  if (!document.is_object())
    throw system::Error(
        fmt::format("the benchmark ended with exit code {}: {}", run.exit_code, system::printable(run.output, 300)));
  document["person"] = entrant.shown;
  return document.dump();
}

}  // namespace

std::vector<std::string> measure_class(const workspace::Workspace& workspace, const std::vector<Entrant>& entrants,
                                       bool allow_weak_sandbox, const fs::path& scratch, const fs::path& page) {
  const std::vector<LessonBuild> lessons = prepare_lessons(workspace, entrants);
  if (lessons.empty()) throw system::Error("nobody who takes part handed in a lesson that can be measured");
  const Sandbox sandbox = strongest_sandbox(0, {.allow_weak = allow_weak_sandbox});
  std::vector<std::string> problems;
  std::vector<std::string> report{(workspace.build / "bin/bench").string(), "report", "--class"};
  for (std::size_t i = 0; i < entrants.size(); ++i) try {
      const fs::path folder = scratch / fmt::format("measured{}", i), results = folder.string() + ".json";
      fs::create_directories(folder);
      fmt::print("Measuring {} of {}\n", i + 1, entrants.size());
      system::write_atomically(results, measure(workspace, sandbox, lessons, entrants[i], folder));
      report.push_back(results.string());
    } catch (const std::exception& error) {
      problems.push_back(fmt::format("{} was not measured: {}", entrants[i].shown, error.what()));
    }
  if (report.size() == 3) return problems;
  const system::Bounded made = system::run_bounded({.argv = report, .wall_seconds = 60, .output_bytes = 64 << 20});
  if (!made.ok()) throw system::Error("the leaderboard could not be written: " + system::printable(made.output, 300));
  system::write_atomically(page, made.output);
  return problems;
}

}  // namespace workbook::grading
