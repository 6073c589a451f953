#include "common/cli/hints.h"

#include <charconv>
#include <vector>

#include <fmt/core.h>

#include "common/cli/system.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

/// The number of a heading `# TODO(n)`, or 0.
int heading_number(std::string_view line) {
  constexpr std::string_view kStart = "# TODO(";
  if (!line.starts_with(kStart) || !line.ends_with(')')) return 0;
  line.remove_prefix(kStart.size());
  int number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  return error == std::errc() && *end == ')' && end + 1 == line.data() + line.size() && number > 0 ? number : 0;
}

/// Does the line open item `level`: "1. text"?
bool opens_item(std::string_view line, int level) { return line.starts_with(fmt::format("{}. ", level)); }

}  // namespace

Hints parse_hints(std::string_view text, const std::string& where) {
  Hints hints;
  int todo = 0;
  int level = kHintLevels;  // items seen of this TODO
  int number = 0;
  const auto fail = [&](const std::string& expected, std::string_view found) {
    throw Error(fmt::format("{}:{}: expected {}, found {}", where, number, expected, found));
  };
  for (const std::string& raw : split_lines(text)) {
    ++number;
    const std::string_view line = trimmed(raw);
    if (line.empty()) continue;
    const int heading = heading_number(line);
    if (heading == 0 && line.starts_with('#')) fail("a heading like # TODO(1)", fmt::format("\"{}\"", line));
    if (heading != 0) {
      if (level != kHintLevels) fail(fmt::format("hint {} of TODO({})", level + 1, todo), "the next heading");
      if (hints.contains(heading)) fail("each TODO once", fmt::format("TODO({}) again", heading));
      todo = heading;
      hints[todo] = {};
      level = 0;
    } else if (todo == 0) {
      fail("a heading like # TODO(1)", fmt::format("\"{}\"", line));
    } else if (level < kHintLevels && opens_item(line, level + 1)) {
      hints[todo][static_cast<std::size_t>(level++)] = trimmed(line.substr(2));
    } else if (level == 0) {
      fail("\"1. \" and the first hint", fmt::format("\"{}\"", line));
    } else if (opens_item(line, level + 1)) {
      fail(fmt::format("{} hints", kHintLevels), "one more");
    } else {
      hints[todo][static_cast<std::size_t>(level - 1)] += fmt::format(" {}", line);
    }
  }
  if (level != kHintLevels) fail(fmt::format("hint {} of TODO({})", level + 1, todo), "the end of the file");
  return hints;
}

std::array<std::string, kHintLevels> hints_of(const Lesson& lesson, const Exercise& exercise) {
  const fs::path file = lesson.folder / "hints.md";
  const auto text = read_file(file);
  if (!text) throw Error(fmt::format("{}: expected this file, found none", shown(file)));
  const Hints hints = parse_hints(*text, shown(file));
  const auto found = hints.find(exercise.todo);
  if (found == hints.end())
    throw Error(fmt::format("{}: expected hints for TODO({}), found none", shown(file), exercise.todo));
  return found->second;
}

std::string hint_heading(const Exercise& exercise, int level) {
  return fmt::format("TODO({}) {} · hint {} of {}", exercise.todo, exercise.function, level, kHintLevels);
}

}  // namespace workbook::cli
