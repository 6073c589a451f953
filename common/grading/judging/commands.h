#pragma once
/// The steps that make a plugin of a submitted file.

#include <vector>

#include "common/grading/judging/lesson_build.h"
#include "common/workspace/build_commands.h"

namespace workbook::grading {

/// The build's own commands, with the source in kSource and all that is made in kWork. `translator`: the program that
/// makes C++ of a .cu file. Dependency files are left out.
std::vector<CompileStep> steps_of(const workspace::BuildCommands& commands, const fs::path& translator);

}  // namespace workbook::grading
