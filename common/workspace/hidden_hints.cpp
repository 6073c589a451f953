#include "common/workspace/hidden_hints.h"

#include "common/system/text.h"
#include "common/workspace/system.h"

namespace workbook::workspace {

namespace {

/// The first string literal of `line`, its escapes undone.
std::string first_literal(std::string_view line) {
  std::string text;
  for (std::size_t i = line.find('"') + 1; i < line.size() && line[i] != '"'; ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) ++i;
    text += line[i];
  }
  return text;
}

}  // namespace

std::map<std::string, std::string> hidden_hints(std::string_view source) {
  constexpr std::string_view kComment = "//", kHint = "Hint:", kTest = "TEST_CASE(\"";
  std::map<std::string, std::string> hints;
  std::string hint;  // of the comment being read
  for (const std::string& line : split_lines(source)) {
    std::string_view text = trimmed(line);
    if (text.starts_with(kTest) && !hint.empty()) hints[first_literal(text)] = hint;
    if (!text.starts_with(kComment)) {
      hint.clear();
      continue;
    }
    text = trimmed(text.substr(kComment.size()));
    if (text.starts_with(kHint))
      hint = trimmed(text.substr(kHint.size()));
    else if (!hint.empty())
      hint += ' ' + std::string(text);
  }
  return hints;
}

}  // namespace workbook::workspace
