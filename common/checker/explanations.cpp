#include "common/checker/explanations.h"

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

namespace workbook {
namespace {

/// What a person reads of them: the first of each verdict, for one wrong idea often fails a dozen shapes alike.
std::string shown(const std::vector<Note>& notes) {
  std::vector<Note> first;
  for (const Note& note : notes)
    if (std::ranges::find(first, note.verdict, &Note::verdict) == first.end()) first.push_back(note);
  std::string text = joined(first);
  if (const std::size_t more = notes.size() - first.size(); more > 0)
    text += "... and " + std::to_string(more) + " more like it\n";
  return text;
}

/// Of a race in a kernel, the lines of both accesses: which comes first, by which threads and in which instance of a
/// template is another matter in each test. Empty if it is none.
std::string lines_of_race(const std::string& line) {
  static const std::regex place(R"(\w+\.cuh?:\d+)");
  if (line.find(": kernel ") == std::string::npos ||
      (line.find(": a race.") == std::string::npos &&
       line.find("by another block of the same launch") == std::string::npos))
    return {};
  const std::set<std::string> places(std::sregex_token_iterator(line.begin(), line.end(), place), {});
  std::string text = "race";
  for (const std::string& one : places) text += " " + one;
  return text;
}

/// Why a test failed, if it says so: the sentence of a suspicion, or what happened at a line of the implementation,
/// numbers left out.
std::string cause_of(const Note& note) {
  static const std::regex place(R"(\w\.(cpp|cu):\d+)"), number(R"([-+]?\d[\d.e+-]*)");
  std::istringstream lines(note.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Likely: ")) return line;
    if (const std::string race = lines_of_race(line); !race.empty()) return race;
    std::smatch found;
    if (!std::regex_search(line, found, place)) continue;
    return std::regex_replace(found.prefix().str(), number, "#") + found.str() +
           std::regex_replace(found.suffix().str(), number, "#");
  }
  return {};
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string joined(const std::vector<Note>& notes) {
  std::string text;
  for (const Note& note : notes) {
    text += note.text;
    if (!text.ends_with('\n')) text += '\n';
  }
  return text;
}

std::string Explanations::of(const std::string& test, const std::vector<Note>& notes) {
  if (notes.empty()) return {};
  const std::string cause = cause_of(notes.front());
  const bool one_cause = std::ranges::all_of(notes, [&](const Note& note) { return cause_of(note) == cause; });
  if (cause.empty() || !one_cause || first_.try_emplace(cause, test).second) return shown(notes);
  return first_line(notes.front().text) + "\nfor the same reason as \"" + first_.at(cause) + "\"\n";
}

}  // namespace workbook
