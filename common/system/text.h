#pragma once
/// Small helpers on strings.

#include <string>
#include <string_view>
#include <vector>

namespace workbook::system {

/// The lines of `text`, without their ends ("\r\n" too).
std::vector<std::string> split_lines(std::string_view text);

/// `text` with "\n" for every "\r\n".
std::string with_plain_line_ends(std::string_view text);

std::string_view trimmed(std::string_view text);

/// `text` with the letters A to Z in lower case.
std::string lower(std::string_view text);

/// Is `name` in `text` with no letter, digit or underscore on either side?
bool has_word(std::string_view text, std::string_view name);

/// Insertions, deletions and replacements that turn `a` into `b`. O(|a| |b|).
int edit_distance(std::string_view a, std::string_view b);

/// The entry of `names` nearest to `wanted`, or "" when none is near enough to be meant.
std::string nearest(std::string_view wanted, const std::vector<std::string>& names);

/// `text` and as many blanks as make it `columns` wide.
std::string padded(std::string_view text, int columns);

/// `text` broken at blanks into lines of at most `columns`, each indented by `indent` blanks; code in backticks that
/// fits a line is not broken.
std::string wrapped(std::string_view text, int columns, int indent);

/// `text` with each line behind a margin; a long one is broken at blanks, so that it reads on any terminal.
std::string indented(std::string_view text, const std::string& margin);

}  // namespace workbook::system
