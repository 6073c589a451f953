#include "common/grading/exports/escape.h"

#include <algorithm>
#include <cctype>
#include <span>

#include <fmt/core.h>

#include "common/figure/svg.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// Does it steer the terminal, or the direction or the joining of the text around it?
bool steers(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe007f);
}

bool is_noncharacter(char32_t c) { return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef); }

bool is_one_of(std::string_view c, std::span<const std::string_view> list) {
  return std::ranges::find(list, c) != list.end();
}

/// With an apostrophe before whatever a spreadsheet would take for the start of a formula, the wide forms too. A
/// spreadsheet that separates cells otherwise than we do finds such a start in a cell's middle, after blanks and the
/// quotes that it does not understand.
std::string without_formulas(std::string_view text) {
  static constexpr std::string_view kStarts[]{"=", "+", "-", "@", "\t", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20"},
      kSeparators[]{",", ";", "\t", "|", "\n"}, kBlanks[]{" ", "\"", "\u00a0", "\u3000"};
  std::string result;
  bool at_start = true;
  while (!text.empty()) {
    const std::string_view c = text.substr(0, system::decode(text).length);
    if (at_start && is_one_of(c, kStarts)) result += '\'';
    at_start = is_one_of(c, kSeparators) || (at_start && is_one_of(c, kBlanks));
    result += c;
    text.remove_prefix(c.size());
  }
  return result;
}

}  // namespace

std::string defused(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const system::CodePoint c = system::decode(text);
    const bool ends_line = c.value == '\r' && text.starts_with("\r\n");
    if (c.length == 0 || is_noncharacter(c.value))
      result += kReplacement;
    else if (c.value == '\n' || c.value == '\t' || !steers(c.value))
      result += text.substr(0, c.length);
    else if (c.value < 0x20)
      result += ends_line ? "" : fmt::format("\xe2\x90{}", static_cast<char>(0x80 + c.value));  // U+2400 and on
    else
      result += fmt::format("<U+{:04X}>", static_cast<std::uint32_t>(c.value));
    text.remove_prefix(std::max<std::size_t>(1, c.length));
  }
  return result;
}

std::string markup(std::string_view text) { return figure::escape(defused(text)); }

std::string markdown(std::string_view text) {
  const std::string safe = defused(text);
  const auto is_word = [&](std::size_t i) {
    return i < safe.size() && (std::isalnum(static_cast<unsigned char>(safe[i])) != 0 || safe[i] == '_');
  };
  std::string result;
  for (std::size_t i = 0; i < safe.size(); ++i) {
    const char c = safe[i];
    const bool inside_word = c == '_' && is_word(i - 1) && is_word(i + 1);
    const bool starts_link = c == ':' && safe.compare(i, 3, "://") == 0;
    if (starts_link || (!inside_word && std::string_view("\\`*_[]<>#|~&$").find(c) != std::string_view::npos))
      result += '\\';
    result += c == '\n' || c == '\t' ? ' ' : c;
  }
  return result;
}

std::string markdown_block(std::string_view text) {
  std::string safe = defused(text);
  std::size_t longest = 2, run = 0;
  for (const char c : safe) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  if (!safe.ends_with('\n')) safe += '\n';
  return fence + "text\n" + safe + fence + "\n";
}

std::string csv_cell(std::string_view text) {
  const std::string safe = without_formulas(defused(text));
  if (safe.find_first_of(",\"\n\r;\t") == safe.npos && !safe.starts_with(' ') && !safe.ends_with(' ')) return safe;
  std::string quoted = "\"";
  for (const char c : safe) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (const std::string& cell : cells) row += (&cell == cells.data() ? "" : ",") + csv_cell(cell);
  return row + "\r\n";
}

}  // namespace workbook::grading
