#include "common/grading/judging/compile.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include <fmt/ranges.h>

#include "common/grading/sandbox/processes.h"
#include "common/system/bounded_run.h"
#include "common/system/files.h"
#include "common/system/utf8.h"
#include "common/workspace/compiler_output.h"
#include "common/workspace/source_rules.h"

namespace workbook::grading {
namespace {

constexpr std::size_t kMostOutput = 16 << 10;
constexpr off_t kLargestPlugin = 64 << 20;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

system::BoundedCommand command_for(const CompileStep& step, const Sandbox& sandbox, const LessonBuild& lesson,
                                   const CompileLimits& limits) {
  Access access{.read = {lesson.stage->folder(), sandbox.box / "source"},
                .tools = true,
                .work = true,
                .processes = 64,
                .cpu_seconds = limits.cpu_seconds,
                .file_bytes = limits.file_bytes,
                .address_space = limits.address_space,
                .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}};
  access.read.insert(access.read.end(), lesson.system_headers.begin(), lesson.system_headers.end());
  system::BoundedCommand command{
      .argv = sandbox_command(sandbox, access), .wall_seconds = limits.wall_seconds, .says_ready = true};
  for (std::string word : step.argv) {
    replace_all(word, std::string(kSource), (sandbox.box / "source").string());
    replace_all(word, std::string(kWork), (sandbox.box / "work").string());
    command.argv.push_back(word);
  }
  return command;
}

/// In the words of the student's own folder.
std::string in_student_words(std::string output, const Sandbox& sandbox, const LessonBuild& lesson) {
  for (const auto& folder : {sandbox.box / "source", sandbox.box / "work", lesson.stage->folder() / "src",
                             lesson.stage->folder() / "build", lesson.stage->workspace().root})
    replace_all(output, folder.string() + "/", "");
  return system::printable(output, kMostOutput);
}

/// What a linker's message means, to stand before it. A compiler's message may quote anything.
std::string missing_definition(const CompileStep& step, const std::string& output, const LessonBuild& lesson) {
  const bool links = std::ranges::find(step.argv, "-shared") != step.argv.end();
  const auto missing = links ? workspace::undefined_function(output) : std::nullopt;
  if (!missing) return "";
  return fmt::format("expected a definition of {} in {}; found none\n", system::printable(*missing, 500),
                     fmt::join(lesson.files, " or "));
}

/// Why a step failed that could not say so itself.
std::string limit_passed(const system::Bounded& run, const CompileLimits& limits) {
  if (run.output.find("CPU time limit exceeded") != std::string::npos || run.signal == SIGXCPU)
    return fmt::format("\nthe compiler may compute for {} s\n", limits.cpu_seconds);
  if (run.output.find("File size limit exceeded") != std::string::npos || run.signal == SIGXFSZ)
    return fmt::format("\nthe compiler may write files of {} MB\n", limits.file_bytes >> 20);
  return "";
}

/// Takes a file out of work/, where a sandbox could have put anything: only a regular file of a sensible size.
bool take_out(const fs::path& from, const fs::path& to) {
  const system::FileDescriptor file(open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > kLargestPlugin)
    return false;
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  if (pread(file.get(), content.data(), content.size(), 0) != status.st_size) return false;
  std::ofstream(to, std::ios::binary) << content;
  return fs::file_size(to) == content.size();
}

/// What is compiled, by file: what was handed in, `source` and what lies beside it, or the stub.
std::map<std::string, std::string> contents(const LessonBuild& lesson, const fs::path& source) {
  std::map<std::string, std::string> files = lesson.stubs;
  for (auto& [name, content] : files)
    if (auto handed_in = system::read_file(source.parent_path() / name)) content = *std::move(handed_in);
  files[lesson.files.front()] = system::read_file(source).value_or("");
  return files;
}

std::string refused_by_words(const LessonBuild& lesson, const fs::path& source) {
  const bool has_kernels = lesson.files.front().ends_with(".cu");
  std::string text;
  for (const auto& [name, content] : contents(lesson, source))
    for (const std::string& refused : workspace::refused_words(content, has_kernels))
      text += fmt::format("{}, {}\n", name, refused);
  return text;
}

/// Writes them where the compiler, in the sandbox, reads them.
void put_into(const Sandbox& sandbox, const LessonBuild& lesson, const fs::path& source) {
  for (const auto& [name, content] : contents(lesson, source)) {
    const fs::path copy = sandbox.box / "source" / name;
    std::ofstream(copy, std::ios::binary) << content;
    chmod(copy.c_str(), 0644);
    if (fs::file_size(copy) != content.size()) throw Error("cannot write " + copy.string());
  }
}

Compiled run_steps(const Sandbox& sandbox, const LessonBuild& lesson, const CompileLimits& limits) {
  Compiled compiled;
  for (const CompileStep& step : lesson.steps) {
    const system::Bounded run = system::run_bounded(command_for(step, sandbox, lesson, limits));
    compiled.seconds += run.seconds;
    if (!run.ready) {
      compiled.fault = "the compiler's sandbox could not be set up: " + system::printable(run.output, 500);
      return compiled;
    }
    if (run.late) {
      compiled.fault =
          fmt::format("the compiler did not end within {:.0f} s: is the machine too busy?", limits.wall_seconds);
      return compiled;
    }
    const bool ok = run.ok();
    if (step.inspects && !ok) compiled.refused += run.output.empty() ? "the object cannot be read\n" : run.output;
    if (step.inspects && !ok && lesson.fence == Fence::tells) continue;
    compiled.output += run.output;
    if (ok) continue;
    compiled.output = missing_definition(step, run.output, lesson) +
                      in_student_words(compiled.output, sandbox, lesson) + limit_passed(run, limits);
    return compiled;
  }
  compiled.output = in_student_words(compiled.output, sandbox, lesson);
  compiled.ok = true;
  return compiled;
}

}  // namespace

Compiled compile_submission(const Sandbox& sandbox, const LessonBuild& lesson, const fs::path& source,
                            const fs::path& plugin_out, const CompileLimits& limits) try {
  clean_up(sandbox);
  Compiled told{.refused = refused_by_words(lesson, source)};
  told.output = told.refused;
  if (!told.refused.empty() && lesson.fence == Fence::refuses) return told;
  put_into(sandbox, lesson, source);
  Compiled compiled = run_steps(sandbox, lesson, limits);
  compiled.refused = told.refused + compiled.refused;
  if (sandbox.own_user) end_all_of(sandbox.uid);
  if (!compiled.ok) return compiled;
  fs::create_directories(plugin_out.parent_path());
  for (const auto& entry : fs::directory_iterator(sandbox.box / "work")) {
    std::string file = entry.path().filename().string();
    if (!file.starts_with("student.") || !file.ends_with(".so")) continue;
    file.replace(0, 7, plugin_out.stem().string());  // student.count.so -> NAME.count.so
    if (!take_out(entry.path(), plugin_out.parent_path() / file))
      throw Error("expected the compiler to make " + file + "; found nothing that could be it");
  }
  if (!fs::exists(plugin_out)) throw Error("the compiler made no plugin, and no error either");
  clean_up(sandbox);
  return compiled;
} catch (const std::exception& error) {
  return {.fault = error.what()};
}

}  // namespace workbook::grading
