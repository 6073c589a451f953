#pragma once
/// Everything trusted about a lesson, prepared once for a whole class.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/system/temporary_folder.h"
#include "common/workspace/workspace.h"

namespace workbook::grading {

namespace fs = std::filesystem;

/// A command that takes part in making a plugin from submitted files. Words may hold kSource, the folder of those
/// files, and kWork, the folder for what is made.
struct CompileStep {
  std::vector<std::string> argv;
  bool inspects = false;  ///< makes nothing, and fails if the submission is not to be linked
};
inline constexpr std::string_view kSource = "@SOURCE@", kWork = "@WORK@";

/// A copy of what compilers and workers may see of the workbook: public headers, precompiled headers, glue, libraries,
/// the worker. No tests, no solutions. Its folders lie as in the workbook: src/ for the tree, build/ for the build.
class Stage {
 public:
  explicit Stage(workspace::Workspace workspace);

  const workspace::Workspace& workspace() const { return workspace_; }
  fs::path folder() const { return folder_.path(); }
  fs::path bin() const { return folder() / "build/bin"; }

  /// Where a path of the workbook is in the stage; other paths stay.
  std::string translated(std::string word) const;

  /// Copies a file of the workbook, unless it is there already. @throws system::Error if it cannot be read
  void add(const fs::path& file);
  /// The headers directly in that folder.
  void add_headers(const fs::path& folder);

 private:
  workspace::Workspace workspace_;
  system::ScratchFolder folder_;
};

/// What becomes of a submission with words or names that a graded file does without (source_rules.h, object_rules.h).
enum class Fence {
  refuses,  ///< it does not compile
  tells     ///< it is only told: for tests of what stands behind
};

struct LessonBuild {
  std::string id, name;
  std::vector<std::string> files;            ///< what a submission holds: names without folders
  std::map<std::string, std::string> stubs;  ///< of all files but the first: what stands for one that is missing
  fs::path checker;
  std::string tests;  ///< the checker's own list of its tests, as JSON: the only source of points
  std::vector<CompileStep> steps;
  std::vector<fs::path> system_headers;  ///< outside the system's usual places
  std::vector<fs::path> libraries;       ///< of the system, that a worker loads
  std::string plugin;                    ///< the plugin's file name
  Fence fence = Fence::refuses;
  std::string fingerprint;  ///< changes when tests, headers, libraries, compiler, commands or limits change
  std::shared_ptr<Stage> stage;
};

/// A contract whose stub is `stub` and whose targets are ID.checker and ID.student. Builds what is missing.
LessonBuild prepare_contract(const std::shared_ptr<Stage>& stage, const std::string& id, const fs::path& stub,
                             const std::string& impl = "student");

/// @param impl how the build describes what is made: "student", what tests load; "bench", what the benchmark loads
/// @throws system::Error if the lesson is unknown or its tests do not build
LessonBuild prepare_lesson(const std::shared_ptr<Stage>& stage, const std::string& id,
                           const std::string& impl = "student");

}  // namespace workbook::grading
