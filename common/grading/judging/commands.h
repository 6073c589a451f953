#pragma once
/// The steps that make a plugin of a submitted file.

#include <vector>

#include "common/grading/judging/lesson_build.h"
#include "common/workspace/build_commands.h"

namespace workbook::grading {

/// The workbook's programs that take part.
struct StepPrograms {
  fs::path translator;  ///< makes C++ of a .cu file
  fs::path inspector;   ///< says whether an object may be linked
};

/// The build's own commands, with the source in kSource and all that is made in kWork, and an inspection before each
/// linking. The lesson's own objects are linked first: what several of them define is theirs. Dependency files are left
/// out.
std::vector<CompileStep> steps_of(const workspace::BuildCommands& commands, const StepPrograms& programs);

}  // namespace workbook::grading
