#pragma once
/// Carries a mistake from the version of the solution that it was written for to the present one.

#include <string>
#include <vector>

#include "common/cli/system.h"
#include "common/workspace/workspace.h"

namespace workbook::cli {

/// All versions of a file that git knows, the newest first; none outside a repository.
std::vector<std::string> versions_of(const Workspace& workspace, const fs::path& file);

struct Carried {
  std::string
      source;  ///< the wrong solution; with conflict markers if `problem` speaks of them, empty if none was made
  std::string problem;  ///< why a person has to look; "" if all is well
};

/// Finds the newest of `versions` to which `diff` applies, and merges what has changed since with what the mistake
/// changes. @throws Error if git cannot be run
Carried carry(const Workspace& workspace, const std::string& solution, const std::vector<std::string>& versions,
              const std::string& diff);

}  // namespace workbook::cli
