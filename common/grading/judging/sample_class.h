#pragma once
/// A made-up class, to try grading with and to measure it.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "common/workspace/workspace.h"

namespace workbook::grading {

/// Writes a folder per student: in each lesson the solution, a mistake, the stub, a file that does not compile, or
/// nothing. Every file is unlike every other, so that no result can be reused. The same seed makes the same class.
/// @throws system::Error if `into` is not empty or cannot be written
void write_sample_class(const workspace::Workspace& workspace, const std::vector<workspace::Lesson>& lessons,
                        const std::filesystem::path& into, int students, std::uint64_t seed);

}  // namespace workbook::grading
