#pragma once
/// Reads from ninja how a plugin is made of its source.

#include <string>
#include <string_view>
#include <vector>

#include "common/grading/lesson_build.h"

namespace workbook::grading {

/// A shell's words, with its quotes and backslashes resolved; no other expansions.
std::vector<std::string> shell_words(std::string_view line);

/// Of all commands that ninja lists for a target, those that lead from `source` to a plugin: each one that reads it,
/// or reads what such a command makes. Words are as ninja has them, but for the source and for what is made, which
/// lie in kSource and kWork; dependency files are left out.
std::vector<CompileStep> steps_from(std::string_view ninja_commands, const std::string& source);

}  // namespace workbook::grading
