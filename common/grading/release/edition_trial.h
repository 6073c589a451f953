#pragma once
/// Tries an edition as its first student would, alone in a folder of its own.

#include <functional>
#include <string>
#include <vector>

#include "common/workspace/workspace.h"

namespace workbook::grading {

/// Copies the edition in `folder` to a temporary folder, builds it there, and uses every student command. Every test of
/// every stub must say that it is not started. `say` hears what is being tried.
/// @throws system::Error with what was expected and what was found.
void try_edition(const std::filesystem::path& folder, const std::vector<workspace::Lesson>& lessons,
                 const std::vector<workspace::Lesson>& solved, const std::function<void(const std::string&)>& say);

}  // namespace workbook::grading
