#pragma once
/// Text that others wrote, made safe for where it is shown.

#include <string>
#include <string_view>
#include <vector>

namespace workbook::grading {

/// `text` as valid UTF-8 that does nothing but stand there: control characters, direction overrides and broken bytes
/// become visible substitutes. Line feeds and tabs stay; carriage returns before a line feed go.
std::string defused(std::string_view text);

/// For HTML and XML, between tags or in quotes: defused and escaped.
std::string markup(std::string_view text);

/// For a line of Markdown: defused, on one line, without markup of its own.
std::string markdown(std::string_view text);

/// A fenced block of Markdown that `text` cannot end.
std::string markdown_block(std::string_view text);

/// One cell of RFC 4180, quoted where needed. What a spreadsheet would run (`=1+1`, `@SUM`) gets an apostrophe first,
/// also after a separator of other spreadsheets: a comma, a semicolon, a tab, a bar or the end of a line.
std::string csv_cell(std::string_view text);

/// Cells with commas between and CRLF behind.
std::string csv_row(const std::vector<std::string>& cells);

}  // namespace workbook::grading
