#include "common/cli/lesson_checks.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <regex>
#include <set>

#include "common/cli/compiler_output.h"
#include "common/cli/errors.h"
#include "common/cli/files.h"
#include "common/cli/hints.h"
#include "common/cli/text.h"

namespace workbook::cli {

namespace {

/// What stands after `key` on an opening comment line: text, or the text in quotes.
std::string header_value(const std::vector<std::string>& lines, const std::string& key) {
  for (const std::string& line : lines) {
    if (!line.starts_with("//")) break;
    if (line.starts_with("// " + key + ":")) return std::string(trimmed(line.substr(4 + key.size())));
  }
  return {};
}

std::string quoted(const std::string& value) {
  const auto first = value.find('"'), last = value.rfind('"');
  return first == std::string::npos || first == last ? "" : value.substr(first + 1, last - first - 1);
}

std::vector<std::string> code_lines(std::string_view source) {
  std::vector<std::string> lines;
  bool opening = true;
  for (const std::string& line : split_lines(source)) {
    const std::string_view text = trimmed(line);
    opening = opening && text.starts_with("//");
    if (!opening && !text.empty()) lines.emplace_back(text);
  }
  return lines;
}

std::set<int> todos_in(std::string_view stub) {
  std::set<int> found;
  static const std::regex todo(R"(TODO\((\d{1,4})\))");
  const std::string text(stub);
  for (std::sregex_iterator it(text.begin(), text.end(), todo), end; it != end; ++it) found.insert(std::stoi((*it)[1]));
  return found;
}

std::string read_or_note(const fs::path& path, Problems& problems) {
  const auto content = read_file(path);
  if (!content) problems.push_back(fmt::format("expected {}, found none", shown(path)));
  return content.value_or("");
}

}  // namespace

MistakeHeader parse_mistake_header(std::string_view source) {
  const std::vector<std::string> lines = split_lines(source);
  const std::string caught = header_value(lines, "Caught by");
  MistakeHeader header{.idea = header_value(lines, "Mistake"),
                       .test = quoted(caught),
                       .told_as = quoted(header_value(lines, "Told as"))};
  const auto open = caught.rfind('['), close = caught.rfind(']');
  if (open != std::string::npos && close != std::string::npos && open < close)
    header.group = caught.substr(open + 1, close - open - 1);
  if (header.idea.empty()) header.problems.push_back("expected \"// Mistake: ...\" at the top, found none");
  if (header.test.empty() || (header.group != "basic" && header.group != "advanced" && header.group != "hidden"))
    header.problems.push_back(R"(expected "// Caught by: \"test name\"  [basic]" (or advanced, hidden), found ")" +
                              caught + '"');
  return header;
}

int differing_lines(std::string_view a, std::string_view b) {
  const std::vector<std::string> x = code_lines(a), y = code_lines(b);
  // Longest common subsequence, one row at a time.
  std::vector<std::size_t> common(y.size() + 1);
  for (const std::string& line : x) {
    std::size_t diagonal = 0;
    for (std::size_t j = 1; j <= y.size(); ++j) {
      const std::size_t above = common[j];
      common[j] = line == y[j - 1] ? diagonal + 1 : std::max(above, common[j - 1]);
      diagonal = above;
    }
  }
  return static_cast<int>(std::max(x.size(), y.size()) - common.back());
}

std::vector<std::string> contract_functions(std::string_view header) {
  static const std::regex list(R"(Contract<([\s\S]*)>\s*contract\s*;)");
  const std::string text(header);
  std::smatch found;
  if (!std::regex_search(text, found, list)) return {};
  std::string inside = found[1];
  static const std::regex constructors(R"(construct<[^>]*>)");
  inside = std::regex_replace(inside, constructors, "");
  std::vector<std::string> names;
  static const std::regex name(R"((?:\w+::)*(\w+))");
  for (std::sregex_iterator it(inside.begin(), inside.end(), name), end; it != end; ++it) names.push_back((*it)[1]);
  return names;
}

Problems check_contract(std::string_view header) {
  Problems problems;
  const std::vector<std::string> lines = split_lines(header);
  const std::vector<std::string> functions = contract_functions(header);
  if (functions.empty()) problems.push_back("the header ends without `inline constexpr Contract<...> contract;`");
  if (lines.size() < 2 || !lines[1].starts_with("///"))
    problems.push_back("the header does not open with its purpose (`///` after `#pragma once`)");
  for (const std::string& function : functions) {
    const int line = declaration_line(header, function);
    if (line < 2 || !trimmed(lines[static_cast<std::size_t>(line) - 2]).starts_with("///"))
      problems.push_back(fmt::format("{} has no `///` comment before its declaration", function));
  }
  return problems;
}

Problems check_todos(const Lesson& lesson) {
  Problems problems;
  const std::set<int> stub = todos_in(read_or_note(lesson.stub(), problems));
  const fs::path hints_file = lesson.folder / "hints.md";
  const std::string text = read_or_note(hints_file, problems);
  std::set<int> hints, exercises;
  try {
    for (const auto& [todo, levels] : parse_hints(text, shown(hints_file))) hints.insert(todo);
  } catch (const Error& error) {
    problems.push_back(error.what());
  }
  const std::vector<std::string> functions = contract_functions(read_or_note(lesson.contract(), problems));
  for (const Exercise& exercise : lesson.exercises) {
    exercises.insert(exercise.todo);
    if (std::find(functions.begin(), functions.end(), unqualified(exercise.function)) == functions.end())
      problems.push_back(
          fmt::format("exercise {} is {}, which is not in the contract", exercise.todo, exercise.function));
  }
  if (stub != hints || stub != exercises)
    problems.push_back(fmt::format("the stub has TODOs {}, hints.md {}, lesson.json {}", stub, hints, exercises));
  return problems;
}

Problems check_readme(const Lesson& lesson) {
  Problems problems;
  const std::string text = read_or_note(lesson.folder / "README.md", problems);
  if (text.empty()) return problems;
  for (const char* part : {"# Lesson ", "**You will** ", "Predict.", "## Your task", "## Check it",
                           "## What you should see", "## Why it matters", "## Further reading", "figure.svg"})
    if (text.find(part) == std::string::npos) problems.push_back(fmt::format("README.md has no \"{}\"", part));
  read_or_note(lesson.folder / "figure.svg", problems);
  return problems;
}

}  // namespace workbook::cli
