#pragma once
/// A lesson's hints: three for each TODO, each saying a little more.

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "common/workspace/workspace.h"

namespace workbook::cli {

inline constexpr int kHintLevels = 3;

/// By TODO number; each text is one paragraph.
using Hints = std::map<int, std::array<std::string, kHintLevels>>;

/// Reads `# TODO(n)` headings, each followed by a list numbered 1. 2. 3. whose items may go on over several lines.
/// @throws Error that names `where` and the line, what was expected and what was found.
Hints parse_hints(std::string_view text, const std::string& where);

/// The hints of one exercise, from the lesson's hints.md. @throws Error if that file has none for it
std::array<std::string, kHintLevels> hints_of(const workspace::Lesson& lesson, const workspace::Exercise& exercise);

/// "TODO(2) repeat_kv · hint 1 of 3".
std::string hint_heading(const workspace::Exercise& exercise, int level);

}  // namespace workbook::cli
