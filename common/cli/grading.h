#pragma once
/// The grading program, build/bin/grading: what instructors' commands become.

#include "common/cli/process.h"
#include "common/cli/workspace.h"

namespace workbook::cli {

/// Sees to its packages and builds it. @returns how it is called, without arguments.
Argv build_grading(const Workspace& workspace);

}  // namespace workbook::cli
