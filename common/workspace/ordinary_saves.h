#pragma once
/// The commonest case of stale_outputs.sh, in a tenth of its time.

#include <filesystem>

namespace workbook::workspace {

/// Whether all that has happened to the files that are compiled, since the last build, are saves that ninja sees by
/// itself: no file came or went, and each that differs was written after that build. Then everything that the script
/// keeps for the next time is brought up to date as it would do it, and it need not run.
bool only_ordinary_saves(const std::filesystem::path& root, const std::filesystem::path& build);

}  // namespace workbook::workspace
