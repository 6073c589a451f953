#include "common/grading/judging/lesson_build.h"

#include <algorithm>
#include <set>
#include <span>

#include <fmt/core.h>

#include "common/grading/judging/commands.h"
#include "common/grading/judging/compile.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/sha256.h"
#include "common/system/text.h"
#include "common/system/utf8.h"
#include "common/workspace/build.h"
#include "common/workspace/state.h"

namespace workbook::grading {
namespace {

std::string output_of(const system::Argv& argv) {
  const system::Ended ended = system::run({.argv = argv, .folder = {}, .capture = true});
  if (!ended.ok())
    throw system::Error(fmt::format("{} failed: {}", argv.front(), system::printable(ended.output, 500)));
  return ended.output;
}

std::string content_of(const fs::path& file) {
  const auto content = system::read_file(file);
  if (!content) throw system::Error(fmt::format("cannot read {}", file.string()));
  return *content;
}

/// The files of the workbook that a step reads: inputs, and headers named by -include with their compiled form.
std::set<fs::path> inputs_of(const CompileStep& step, const workspace::Workspace& workspace) {
  std::set<fs::path> files;
  for (std::size_t i = 0; i < step.argv.size(); ++i) {
    const fs::path file = workspace.build / step.argv[i];  // an absolute word stays itself
    const std::string text = file.string();
    const bool ours = text.starts_with(workspace.root.string()) || text.starts_with(workspace.build.string());
    const bool looks_like_a_file = step.argv[i][0] != '-' && step.argv[i][0] != '@' && (i == 0 || file.has_extension());
    if (!ours || !looks_like_a_file) continue;
    files.insert(file);
    if (i > 0 && step.argv[i - 1] == "-include") files.insert(text + ".gch");
  }
  return files;
}

/// The words as a sandbox runs them: paths into the stage, the compiler by its own name.
CompileStep staged(const CompileStep& step, const Stage& stage) {
  CompileStep moved{.argv = {}, .inspects = step.inspects};
  const auto inputs = inputs_of(step, stage.workspace());
  for (const std::string& word : step.argv) {
    const fs::path file = stage.workspace().build / word;
    moved.argv.push_back(stage.translated(inputs.contains(file) ? file.string() : word));
  }
  moved.argv[0] = fs::exists(moved.argv[0]) ? fs::canonical(moved.argv[0]).string() : moved.argv[0];
  return moved;
}

/// Folders of headers that are neither the workbook's nor in the system's usual places.
std::vector<fs::path> unusual_headers(const std::vector<CompileStep>& steps, const Stage& stage) {
  std::set<fs::path> folders;
  const auto note = [&](const fs::path& folder) {
    const std::string text = folder.string();
    const bool usual = text.starts_with("/usr/include") || text.starts_with("/usr/lib") ||
                       text.starts_with("/usr/local/include") || stage.translated(text) != text;
    if (folder.is_absolute() && !usual && fs::is_directory(folder)) folders.insert(folder);
  };
  for (const CompileStep& step : steps)
    for (std::size_t i = 0; i < step.argv.size(); ++i) {
      if (step.argv[i].starts_with("-I")) note(step.argv[i].substr(2));
      if (i > 0 && step.argv[i - 1] == "-isystem") note(step.argv[i]);
    }
  return {folders.begin(), folders.end()};
}

/// Builds what the steps read, which is all but what they make themselves: nothing of it holds a student's code.
std::set<fs::path> build_inputs(const Stage& stage, const std::string& id, const std::vector<CompileStep>& steps) {
  const workspace::Workspace& workspace = stage.workspace();
  std::set<fs::path> inputs;
  for (const CompileStep& step : steps) inputs.merge(inputs_of(step, workspace));
  std::vector<std::string> targets{id + ".checker", "worker.graded", "confine"};
  for (const fs::path& input : inputs)
    if (input.string().starts_with(workspace.build.string()) && input.extension() != ".hxx")
      targets.push_back(input.lexically_relative(workspace.build).string());
  workspace::build_or_fail(workspace, targets, "Building the tests of " + id);
  return inputs;
}

std::string fingerprint_of(const LessonBuild& lesson, const std::vector<CompileStep>& steps,
                           const std::set<fs::path>& inputs) {
  std::string text = kLimitsInWords;
  for (const CompileStep& step : steps)
    for (const std::string& word : step.argv) text += word + '\n';
  text += output_of({steps.back().argv.front(), "--version"});  // the linker is the compiler
  text +=
      system::sha256(content_of(lesson.checker)) + system::sha256(content_of(lesson.stage->bin() / "worker.graded"));
  for (const fs::path& input : inputs)  // a compiled header is not the same twice; the headers are in the checker
    if (input.extension() != ".gch") text += system::sha256(content_of(input));
  return system::sha256(text);
}

/// The system's libraries that the worker and the workbook's own libraries load, as the loader finds them. A worker
/// sees no others: from access times of files, or which of their pages are in memory, the next worker could read a
/// message.
std::vector<fs::path> libraries_below(const fs::path& bin) {
  std::set<fs::path> libraries;
  for (const auto& entry : fs::directory_iterator(bin)) {
    if (entry.path().extension() != ".so" && entry.path().filename() != "worker.graded") continue;
    for (const std::string& line : system::split_lines(output_of({"ldd", entry.path()}))) {
      const auto first = line.find('/'), last = line.find(" (");
      if (first == line.npos || last == line.npos) continue;
      if (const fs::path library = line.substr(first, last - first); library.parent_path() != bin)
        libraries.insert(library);
    }
  }
  return {libraries.begin(), libraries.end()};
}

}  // namespace

LessonBuild prepare_contract(const std::shared_ptr<Stage>& stage, const std::string& id, const fs::path& stub,
                             const std::string& impl) {
  const workspace::Workspace& workspace = stage->workspace();
  LessonBuild lesson{.id = id, .name = stub.stem(), .files = {stub.filename()}, .stage = stage};
  lesson.checker = workspace.lesson_build(id) / "checker";
  workspace::configure(workspace);
  const auto steps = steps_of(workspace::read_build_commands(workspace.build, id, impl),
                              {workspace.build / "bin/cuda_translate", workspace.build / "bin/inspect_object"});
  const auto inputs = build_inputs(*stage, id, steps);
  for (const fs::path& input : inputs) stage->add(input);
  for (const char* file : {"worker.graded", "libworkbook.so"}) stage->add(workspace.build / "bin" / file);
  for (const char* folder : {"tensor", "contract", "cmake", "cuda"})
    if (fs::exists(workspace.root / "common" / folder)) stage->add_headers(workspace.root / "common" / folder);
  stage->add_headers(stub.parent_path());
  for (const CompileStep& step : steps) lesson.steps.push_back(staged(step, *stage));
  lesson.system_headers = unusual_headers(steps, *stage);
  lesson.libraries = libraries_below(stage->bin());
  lesson.plugin = "student.so";
  lesson.tests = output_of({lesson.checker, "--list"});
  lesson.fingerprint = fingerprint_of(lesson, steps, inputs);
  return lesson;
}

LessonBuild prepare_lesson(const std::shared_ptr<Stage>& stage, const std::string& id, const std::string& impl) {
  const fs::path folder = stage->workspace().root / "lessons" / id;
  const workspace::Lesson described = workspace::parse_lesson(folder, content_of(folder / "lesson.json"));
  LessonBuild lesson = prepare_contract(stage, id, folder / described.files.front(), impl);
  lesson.files = described.files;
  for (const std::string& file : std::span(lesson.files).subspan(1)) {
    const auto pristine = system::read_file(workspace::pristine_path(stage->workspace(), described, file));
    lesson.stubs[file] = pristine ? *pristine : content_of(folder / file);
    lesson.fingerprint = system::sha256(lesson.fingerprint + lesson.stubs[file]);
  }
  return lesson;
}

}  // namespace workbook::grading
