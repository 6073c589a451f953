#pragma once
/// Measures what students handed in, for the leaderboard that a policy may ask for. It has no part in any grade.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/workspace/workspace.h"

namespace workbook::grading {

namespace fs = std::filesystem;

/// A student who takes part.
struct Entrant {
  std::string shown;                        ///< the name on the page
  std::map<std::string, fs::path> sources;  ///< by lesson id: the first file that was handed in
};

/// Compiles and runs the entrants' lessons that join the benchmark, in a sandbox, one student after the other, and
/// writes the page to `page`. What does not compile is left out; what is wrong is said and not timed.
/// @param scratch an empty folder
/// @returns why somebody could not be measured, a line each
/// @throws system::Error if nobody can be measured at all
std::vector<std::string> measure_class(const workspace::Workspace& workspace, const std::vector<Entrant>& entrants,
                                       bool allow_weak_sandbox, const fs::path& scratch, const fs::path& page);

}  // namespace workbook::grading
