#pragma once
/// From the submitted files of a lesson to a plugin, in a sandbox.

#include <optional>
#include <string>

#include "common/grading/judging/lesson_build.h"
#include "common/grading/sandbox/sandbox.h"

namespace workbook::grading {

/// For each step of a compilation.
struct CompileLimits {
  long cpu_seconds = 30;
  double wall_seconds = 1200;  ///< a machine that takes longer has no time for it, which is a fault
  long address_space = 3L << 30;
  long file_bytes = 64L << 20;
};

/// What limits there are, for fingerprints: raise the number when one is changed.
inline constexpr const char* kLimitsInWords = "limits 3\n";

struct Compiled {
  bool ok = false;
  std::string output;   ///< what the compiler said; at most 16 KB of UTF-8, no paths of this machine
  std::string refused;  ///< what a graded file may not hold, and this one does
  double seconds = 0;
  std::optional<std::string> fault;  ///< the grader failed: not the submission's doing
};

/// Makes a plugin at `plugin_out` of `source`, the lesson's first file, and of its other files, which lie beside it.
/// A file that was not handed in is the lesson's stub. The plugin's other flavours, if tests need them, lie beside it.
Compiled compile_submission(const Sandbox& sandbox, const LessonBuild& lesson, const fs::path& source,
                            const fs::path& plugin_out, const CompileLimits& limits = {});

}  // namespace workbook::grading
