#pragma once
/// The grading program, build/bin/grading: what instructors' commands become.

#include "common/cli/system.h"
#include "common/system/process.h"
#include "common/workspace/workspace.h"

namespace workbook::cli {

/// Sees to its packages and builds it. @returns how it is called, without arguments.
Argv build_grading(const Workspace& workspace);

/// Builds the grading program and becomes it; the arguments begin with one of its commands. Help is shown, and what is
/// wrong is refused, before anything is built. @returns 0 after help
int run_grading(const std::vector<std::string>& arguments);

}  // namespace workbook::cli
