#pragma once
/// Looks through an edition for what students must not have. The allowlist should keep it out; this finds out.

#include <string>
#include <vector>

#include "common/grading/release/edition_files.h"

namespace workbook::grading {

/// One line for each find: the file, and what is in it. The workbook in `root` says what is secret: lines of
/// solutions, mistakes and figures' programs; names and sentences of hidden tests; this machine's paths.
/// Files in `accepted` have been looked at by the instructor, and nothing of the solutions of `solved` is secret.
std::vector<std::string> find_leaks(const EditionFiles& files, const fs::path& root,
                                    const std::vector<std::string>& accepted = {},
                                    const std::vector<workspace::Lesson>& solved = {});

}  // namespace workbook::grading
