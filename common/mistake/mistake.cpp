#include "common/mistake/mistake.h"

#include <algorithm>
#include <span>

#include <fmt/core.h>

#include "common/system/text.h"

namespace workbook::mistake {

namespace {

using Lines = std::vector<std::string>;

/// One "@@" and what follows it.
struct Hunk {
  std::string heading;
  Lines old_lines, new_lines;
};

std::string value_of(const Lines& header, const std::string& key) {
  for (const std::string& line : header)
    if (line.starts_with(key + ":")) return std::string(system::trimmed(line.substr(key.size() + 1)));
  return {};
}

std::string quoted(const std::string& value) {
  const auto first = value.find('"'), last = value.rfind('"');
  return first == std::string::npos || first == last ? "" : value.substr(first + 1, last - first - 1);
}

/// "-61,5" of the heading "@@ -61,5 +61,5 @@": 5; a lone "-61" is one line.
std::size_t length_in(const std::string& heading, char sign) {
  const std::size_t from = heading.find(sign);
  const std::size_t end = std::min(heading.find(' ', from), heading.size());
  const std::size_t comma = heading.find(',', from);
  if (from == std::string::npos) throw Malformed("expected a heading like @@ -61,5 +61,5 @@, found " + heading);
  if (comma >= end) return 1;
  std::size_t length = 0;
  for (const char digit : heading.substr(comma + 1, end - comma - 1)) {
    if (digit < '0' || digit > '9' || length > 100'000)
      throw Malformed("expected a heading like @@ -61,5 +61,5 @@, found " + heading);
    length = 10 * length + static_cast<std::size_t>(digit - '0');
  }
  return length;
}

void check_lengths(const Hunk& hunk) {
  const std::size_t removed = length_in(hunk.heading, '-'), added = length_in(hunk.heading, '+');
  if (removed != hunk.old_lines.size() || added != hunk.new_lines.size())
    throw Malformed(fmt::format("expected {} lines of the solution and {} of the mistake after {}, found {} and {}",
                                removed, added, hunk.heading, hunk.old_lines.size(), hunk.new_lines.size()));
  if (hunk.old_lines.empty())
    throw Malformed("expected context around what is added, found none after " + hunk.heading);
}

void add_line(Hunk& hunk, const std::string& line) {
  // An editor may have stripped the blank that marks an empty line of context.
  const char mark = line.empty() ? ' ' : line.front();
  const std::string text = line.empty() ? "" : line.substr(1);
  if (mark != ' ' && mark != '-' && mark != '+')
    throw Malformed("expected a line that begins with a blank, - or +, found: " + line);
  if (mark != '+') hunk.old_lines.push_back(text);
  if (mark != '-') hunk.new_lines.push_back(text);
}

/// @throws Malformed unless they begin as a unified diff does
Lines lines_of(std::string_view diff) {
  Lines lines = system::split_lines(diff);
  if (lines.size() < 3 || !lines[0].starts_with("--- ") || !lines[1].starts_with("+++ ") ||
      !lines[2].starts_with("@@ "))
    throw Malformed("expected a unified diff (--- a/file, +++ b/file, @@ ...), found \"" +
                    (lines.empty() ? "" : lines[0]) + '"');
  return lines;
}

std::vector<Hunk> hunks_of(std::string_view diff) {
  const Lines lines = lines_of(diff);
  std::vector<Hunk> hunks;
  for (const std::string& line : std::span(lines).subspan(2))
    if (line.starts_with("@@ "))
      hunks.push_back({.heading = line, .old_lines = {}, .new_lines = {}});
    else
      add_line(hunks.back(), line);
  std::ranges::for_each(hunks, check_lengths);
  return hunks;
}

/// Where the hunk fits. @throws Malformed unless that is one place, at `from` or after it.
std::size_t place_of(const Hunk& hunk, const Lines& solution, std::size_t from) {
  const auto first = std::ranges::search(solution, hunk.old_lines);
  if (first.empty())
    throw Malformed(fmt::format("expected the lines of hunk {} in the solution, found them nowhere", hunk.heading));
  const auto second = std::ranges::search(std::ranges::subrange(first.begin() + 1, solution.end()), hunk.old_lines);
  const auto line = [&](auto found) { return found.begin() - solution.begin() + 1; };
  if (!second.empty())
    throw Malformed(
        fmt::format("expected the lines of hunk {} once in the solution, found them from line {} and from "
                    "line {}; more context tells them apart",
                    hunk.heading, line(first), line(second)));
  const auto place = static_cast<std::size_t>(first.begin() - solution.begin());
  if (place < from)
    throw Malformed("expected the hunks in the order of the solution, found one before: " + hunk.heading);
  return place;
}

}  // namespace

Mistake parse(std::string_view text) {
  const std::size_t diff = text.starts_with("--- ") ? 0 : text.find("\n--- ");
  Mistake mistake;
  if (diff != std::string_view::npos) mistake.diff = text.substr(diff == 0 ? 0 : diff + 1);
  const Lines header = system::split_lines(text.substr(0, diff));
  const std::string caught = value_of(header, "Caught by");
  mistake.idea = value_of(header, "Mistake");
  mistake.test = quoted(caught);
  mistake.told_as = quoted(value_of(header, "Told as"));
  const auto open = caught.rfind('['), close = caught.rfind(']');
  if (open != std::string::npos && close != std::string::npos && open < close)
    mistake.group = caught.substr(open + 1, close - open - 1);
  return mistake;
}

std::vector<std::string> problems(const Mistake& mistake) {
  std::vector<std::string> found;
  if (mistake.idea.empty()) found.emplace_back("expected a first line \"Mistake: ...\" that says what it does");
  if (mistake.test.empty() || (mistake.group != "basic" && mistake.group != "advanced" && mistake.group != "hidden"))
    found.push_back(
        fmt::format(R"(expected a line Caught by: "test name"  [basic] (or advanced, hidden), found "{}" [{}])",
                    mistake.test, mistake.group));
  return found;
}

std::string text_of(const Mistake& mistake) {
  std::string text = fmt::format("Mistake: {}\nCaught by: \"{}\"  [{}]\n", mistake.idea, mistake.test, mistake.group);
  if (!mistake.told_as.empty()) text += fmt::format("Told as: \"{}\"\n", mistake.told_as);
  return text + mistake.diff;
}

std::string apply(std::string_view diff, std::string_view solution) {
  const Lines lines = system::split_lines(solution);
  Lines wrong;
  std::size_t done = 0;
  for (const Hunk& hunk : hunks_of(diff)) {
    const std::size_t place = place_of(hunk, lines, done);
    wrong.insert(wrong.end(), lines.begin() + static_cast<std::ptrdiff_t>(done),
                 lines.begin() + static_cast<std::ptrdiff_t>(place));
    wrong.insert(wrong.end(), hunk.new_lines.begin(), hunk.new_lines.end());
    done = place + hunk.old_lines.size();
  }
  wrong.insert(wrong.end(), lines.begin() + static_cast<std::ptrdiff_t>(done), lines.end());
  std::string text;
  for (const std::string& line : wrong) text += line + '\n';
  return text;
}

std::string changed_file(std::string_view diff, const Sources& solution) {
  const std::string line = lines_of(diff).front();
  const std::string path = line.substr(4, line.find('\t') - 4);  // some programs add the time after a tab
  const std::string file = path.substr(path.rfind('/') + 1);
  if (solution.contains(file)) return file;
  std::string names;
  for (const auto& [name, content] : solution) names += (names.empty() ? "" : ", ") + name;
  throw Malformed(
      fmt::format("expected a diff of {}{}, found one of \"{}\"", solution.size() > 1 ? "one of " : "", names, file));
}

Sources apply(std::string_view diff, Sources solution) {
  std::string& changed = solution.at(changed_file(diff, solution));
  changed = mistake::apply(diff, changed);  // std has one, too
  return solution;
}

std::string to_source(const Mistake& mistake, const std::string& source) {
  return fmt::format("// Mistake: {}\n// Caught by: \"{}\"  [{}]\n// Told as: \"{}\"\n{}", mistake.idea, mistake.test,
                     mistake.group, mistake.told_as, source);
}

Edited from_source(std::string_view text) {
  std::string header;
  for (const char* key : {"// Mistake:", "// Caught by:", "// Told as:"}) {
    if (!text.starts_with(key)) continue;
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    header += text.substr(3, end - 3);
    text.remove_prefix(end);
  }
  return {parse(header), std::string(text)};
}

int changed_lines(std::string_view diff) {
  int removed = 0, added = 0;
  const Lines lines = system::split_lines(diff);
  for (const std::string& line : std::span(lines).subspan(std::min<std::size_t>(2, lines.size()))) {
    removed += line.starts_with('-');
    added += line.starts_with('+');
  }
  return std::max(removed, added);
}

}  // namespace workbook::mistake
