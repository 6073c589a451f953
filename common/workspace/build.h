#pragma once
/// Builds what a command needs, quietly.

#include <functional>
#include <string>
#include <vector>

#include "common/system/files.h"
#include "common/workspace/workspace.h"

namespace workbook::workspace {

/// Runs CMake if it never ran in the build folder.
/// @throws Error with CMake's first error.
void configure(const Workspace& workspace);

struct Build {
  bool ok = false;
  std::string output;               ///< of everything that was built
  std::vector<std::string> failed;  ///< the files that could not be made
  bool failed_in(const std::string& part) const;
};

/// Those who want to know how a build goes.
struct BuildListener {
  std::function<void()> about_to_read;            ///< called before any source is read
  std::function<void(int done, int steps)> step;  ///< called instead of showing progress
  std::filesystem::path awaited{};                ///< a file that is of use before the rest has been made
  /// Called when that one has been made, if there was something to do, with the output up to then; may be called in
  /// the middle of a build, and `step` is not called after it.
  std::function<void(const std::string& output)> made{};
};

/// Builds these targets, showing progress if it takes long. Configures first when needed, and again when a target is
/// not known yet (a new lesson). What is compiled is what the files hold when the listener is told, or later.
/// @throws Error when the disk is full or ninja does not know a target.
Build build(const Workspace& workspace, const std::vector<std::string>& targets, const std::string& announcement,
            const BuildListener& listener = {});

/// Like build(), for targets that hold nothing a student wrote: a failure is the workbook's fault.
void build_or_fail(const Workspace& workspace, const std::vector<std::string>& targets, const std::string& announcement,
                   const BuildListener& listener = {});

/// The error for a build that failed for no fault of the student's: its first lines, and where the rest is.
[[noreturn]] void fail_build(const Workspace& workspace, const std::string& output);

/// Whether CMake found nvcc, which compiles for a GPU. Configures first when needed.
bool has_nvcc(const Workspace& workspace);

/// Keeps other workbook commands from building here at the same time.
FileLock lock_build(const Workspace& workspace);

}  // namespace workbook::workspace
