#include "common/workspace/build.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include <fmt/core.h>
#include <fmt/format.h>

#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/terminal.h"
#include "common/system/text.h"
#include "common/workspace/ordinary_saves.h"

namespace workbook::workspace {

namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// A compiler that has a lot to say is quoted from its first error on; what names no error, from its failed step on.
std::vector<std::string> telling_lines(const std::string& output) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> lines = split_lines(output);
  const auto names_error = [](const std::string& line) {
    return contains(line, "error:") || contains(line, "ptxas error") || contains(line, "CMake Error");
  };
  auto first = std::find_if(lines.begin(), lines.end(), names_error);
  if (first == lines.end())
    first = std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("FAILED: "); });
  if (first == lines.end() && lines.size() > kMost) first = lines.end() - kMost;
  if (first != lines.end()) lines.erase(lines.begin(), first);
  if (lines.size() > kMost) lines.resize(kMost);
  return lines;
}

/// The files named in ninja's "FAILED: a b" lines.
std::vector<std::string> failed_files(const std::string& output) {
  std::vector<std::string> failed;
  for (const std::string& line : split_lines(output))
    if (line.starts_with("FAILED: ")) failed.push_back(line.substr(8));
  return failed;
}

/// Ninja compares times only; this takes away what was made of other contents than the present ones.
void remove_stale_outputs(const Workspace& workspace) {
  if (only_ordinary_saves(workspace.root, workspace.build)) return;
  const Ended ended = run({.argv = {"bash", (workspace.root / "common/workspace/stale_outputs.sh").string(),
                                    workspace.root.string(), workspace.build.string()},
                           .folder = {},
                           .capture = true});
  if (contains(ended.output, "No space left on device")) fail_build(workspace, ended.output);
  if (!ended.ok()) throw Error(std::string(trimmed(ended.output)));
  fmt::print(stderr, "{}", ended.output);
}

/// Tells remove_stale_outputs() which files were written while ninja ran, however that ended.
struct EndOfBuild {
  fs::path build;
  ~EndOfBuild() { std::ofstream(build / "inputs.built"); }
};

void run_cmake(const Workspace& workspace, const std::vector<std::string>& arguments) {
  ProgressLine progress("Configuring");
  progress.show("");
  Process cmake{.argv = {"cmake", "-S", workspace.root.string(), "-B", workspace.build.string()},
                .folder = workspace.root,
                .env = {{"LC_ALL", "C"}},
                .capture = true};
  cmake.argv.insert(cmake.argv.end(), arguments.begin(), arguments.end());
  const Ended ended = run(cmake);
  if (!ended.ok()) fail_build(workspace, ended.output);
}

std::string cmake_cache(const Workspace& workspace) {
  return read_file(workspace.build / "CMakeCache.txt").value_or("");
}

/// Targets that build.ninja has only with WORKBOOK_MISTAKES, or has less of without.
bool is_of_mistakes(const std::string& target) { return contains(target, ".mistake") || target == "everything"; }

void know_mistakes(const Workspace& workspace) {
  if (contains(cmake_cache(workspace), "\nWORKBOOK_MISTAKES:BOOL=OFF"))
    run_cmake(workspace, {"-DWORKBOOK_MISTAKES=ON"});
}

/// How far ninja is, from the status "[3/14] " in front of a line.
void tell_step(std::string_view line, const std::function<void(int, int)>& step) {
  int done = 0, steps = 0;
  if (std::sscanf(std::string(line).c_str(), "[%d/%d]", &done, &steps) == 2) step(done, steps);
}

/// "[3/4] Linking CXX shared module FILE" comes when that has been done.
bool is_told_made(std::string_view line, const std::string& file) {
  return line.starts_with('[') && line.ends_with(" " + file);
}

Ended run_ninja(const Workspace& workspace, const std::vector<std::string>& targets, const std::string& announcement,
                const BuildListener& listener) {
  Process ninja{.argv = {"ninja", "-C", workspace.build.string()}, .folder = {}};
  ninja.argv.insert(ninja.argv.end(), targets.begin(), targets.end());
  // English messages are the ones we can read; the status tells how far it is.
  ninja.env = {{"LC_ALL", "C"}, {"NINJA_STATUS", "[%f/%t] "}};
  ninja.capture = true;
  const EndOfBuild end{workspace.build};
  ProgressLine progress(announcement);
  std::string output;
  bool made = false;
  ninja.on_line = [&](std::string_view line) {
    if (made) return;
    output += std::string(line) + '\n';
    if (listener.made && is_told_made(line, listener.awaited.lexically_relative(workspace.build).string())) {
      made = true;
      progress.clear();
      listener.made(output);
    } else if (listener.step)
      tell_step(line, listener.step);
    else if (line.starts_with('['))
      progress.show(line.substr(0, line.find(']') + 1));
  };
  return run(ninja);
}

}  // namespace

bool Build::failed_in(const std::string& part) const {
  return std::any_of(failed.begin(), failed.end(), [&](const std::string& file) { return contains(file, part); });
}

void fail_build(const Workspace& workspace, const std::string& output) {
  if (contains(output, "No space left on device"))
    throw Error(
        fmt::format("the disk is full: expected room for the build in {}, found none. Free some and run this again.",
                    shown(workspace.build)));
  const fs::path log = workspace.build / "workbook.log";
  std::string where;
  try {
    write_atomically(log, output);
    where = fmt::format("\nThe whole output is in {}.", shown(log));
  } catch (const Error&) {
  }
  throw Error(fmt::format("the workbook itself did not build (your file is not at fault):\n  {}{}",
                          fmt::join(telling_lines(output), "\n  "), where));
}

void configure(const Workspace& workspace) {
  if (!fs::exists(workspace.build / "build.ninja")) run_cmake(workspace, {"--preset", "student"});
}

bool has_nvcc(const Workspace& workspace) {
  configure(workspace);
  const std::string cache = cmake_cache(workspace);
  return contains(cache, "\nWORKBOOK_NVCC:") && !contains(cache, "=WORKBOOK_NVCC-NOTFOUND");
}

Build build(const Workspace& workspace, const std::vector<std::string>& targets, const std::string& announcement,
            const BuildListener& listener) {
  remove_stale_outputs(workspace);
  if (listener.about_to_read) listener.about_to_read();
  configure(workspace);
  if (std::ranges::any_of(targets, is_of_mistakes)) know_mistakes(workspace);
  Ended ninja = run_ninja(workspace, targets, announcement, listener);
  if (contains(ninja.output, "unknown target")) {
    std::error_code ignored;
    fs::remove(workspace.build / "build.ninja", ignored);
    configure(workspace);
    ninja = run_ninja(workspace, targets, announcement, listener);
  }
  Build built{.ok = ninja.ok(), .output = std::move(ninja.output), .failed = {}};
  built.failed = failed_files(built.output);
  if (!built.ok && (built.failed.empty() || contains(built.output, "No space left on device")))
    fail_build(workspace, built.output);
  return built;
}

void build_or_fail(const Workspace& workspace, const std::vector<std::string>& targets, const std::string& announcement,
                   const BuildListener& listener) {
  const Build built = build(workspace, targets, announcement, listener);
  if (!built.ok) fail_build(workspace, built.output);
}

FileLock lock_build(const Workspace& workspace) try {
  return FileLock(workspace.build / ".lock");
} catch (const Error& error) {
  throw Error(fmt::format("{}, or set WORKBOOK_BUILD_DIR", error.what()));
}

}  // namespace workbook::workspace
