#include "common/grading/release/edition_search.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>

#include <fmt/format.h>

#include "common/system/files.h"
#include "common/system/text.h"

namespace workbook::grading {

namespace {

// Two people may well write the same line of code; two lines of some length, or one long one, are no accident.
constexpr std::size_t kDistinctive = 50, kTelling = 90;
constexpr std::size_t kScaffold = 30;  // lines of a solution that a CUDA stub may hold

using Secrets = std::map<std::string, std::string>;  // text, where it is from

std::vector<fs::path> sources_below(const fs::path& folder) {
  std::vector<fs::path> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

bool is_everybodys(const std::string& line) {
  static constexpr std::array kBeginnings{"for (", "using ", "#include", "namespace ", "}  //"};
  return line.size() < kDistinctive ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(), [&](const char* text) { return line.starts_with(text); });
}

/// Is this line alone enough?
bool is_telling(const std::string& text) {
  return text.size() >= kTelling || text.starts_with("//") || text.starts_with("Mistake: ");
}

/// A file's own lines. Of a mistake's diff: its header, and what it adds to the solution.
std::vector<std::string> own_lines(const fs::path& path) {
  std::vector<std::string> lines = system::split_lines(system::read_file(path).value_or(""));
  if (path.extension() != ".diff") return lines;
  const auto diff = std::ranges::find_if(lines, [](const std::string& line) { return line.starts_with("--- "); });
  for (auto line = diff; line != lines.end(); ++line)
    *line = line->starts_with('+') && !line->starts_with("+++ ") ? line->substr(1) : "";
  return lines;
}

/// Is `path`, from the root, in the folder of a solution that is released?
bool is_released(const fs::path& path, const std::vector<workspace::Lesson>& solved) {
  return std::ranges::any_of(solved, [&](const workspace::Lesson& lesson) {
    return path.string().starts_with("solutions/" + lesson.id + "/");
  });
}

/// Lines that only solutions, mistakes and figures' programs have.
Secrets solution_lines(const fs::path& root, const std::vector<workspace::Lesson>& solved) {
  Secrets secrets;
  for (const fs::path& path : sources_below(root / "solutions"))
    if (!is_released(path.lexically_relative(root), solved))
      for (const std::string& line : own_lines(path)) {
        const std::string text(system::trimmed(line));
        // A function's head stands in the contract and the stub too.
        if (!is_everybodys(text) && !text.ends_with("{") && !text.ends_with(","))
          secrets[text] = path.lexically_relative(root);
      }
  return secrets;
}

/// String literals of at least a few words.
std::vector<std::string> sentences_in(const std::string& source) {
  static const std::regex kLiteral(R"("((?:[^"\\\n]|\\.){16,400})\")");
  std::vector<std::string> sentences;
  for (std::sregex_iterator at(source.begin(), source.end(), kLiteral), end; at != end; ++at)
    if (const std::string text = (*at)[1]; std::count(text.begin(), text.end(), ' ') >= 3) sentences.push_back(text);
  return sentences;
}

/// Names and sentences of hidden tests, unless a public test says the same.
Secrets hidden_sentences(const fs::path& root) {
  Secrets secrets;
  std::set<std::string> open;
  for (const fs::path& path : sources_below(root / "testcases")) {
    const bool hidden = path.parent_path().filename() == "hidden";
    for (const std::string& text : sentences_in(system::read_file(path).value_or("")))
      if (hidden)
        secrets[text] = path.lexically_relative(root);
      else if (path.filename() == "basic_test.cpp" || path.filename() == "advanced_test.cpp")
        open.insert(text);
  }
  for (const std::string& text : open) secrets.erase(text);
  return secrets;
}

/// Where things are on this machine.
Secrets machine_paths(const fs::path& root) {
  Secrets secrets{{fs::weakly_canonical(root).string(), "this workbook's folder"}};
  if (const char* home = std::getenv("HOME"); home != nullptr && std::string_view(home).size() > 6)
    secrets[home] = "the home folder";
  return secrets;
}

bool has_secret_name(const std::string& path) {
  static const std::set<std::string> kNames{"solutions",       "hidden",  "mistakes", "figure.cpp",
                                            "hidden_test.cpp", "grading", ".git",     ".ci"};
  for (const fs::path& part : fs::path(path))
    if (kNames.count(part.string()) > 0) return true;
  return false;
}

}  // namespace

std::vector<std::string> find_leaks(const EditionFiles& files, const fs::path& root,
                                    const std::vector<std::string>& accepted,
                                    const std::vector<workspace::Lesson>& solved) {
  const Secrets lines = solution_lines(root, solved), sentences = hidden_sentences(root), paths = machine_paths(root);
  std::vector<std::string> leaks;
  const auto search = [&](const std::string& path, const std::string& content, const Secrets& secrets,
                          std::size_t enough = 1, bool may_be_telling = true) {
    std::map<std::string, std::vector<std::string>> found;  // by where it is from
    for (const auto& [text, source] : secrets)
      if (content.find(text) != content.npos) found[source].push_back(text);
    for (const auto& [source, texts] : found)
      if (texts.size() >= enough || (may_be_telling && std::any_of(texts.begin(), texts.end(), is_telling)))
        leaks.push_back(fmt::format("{}: \"{}\" is from {}", path, texts.front(), source));
  };
  for (const auto& [path, file] : files) {
    if (std::find(accepted.begin(), accepted.end(), path) != accepted.end()) continue;
    const bool released = is_released(path, solved);
    if (has_secret_name(path) && !released)
      leaks.push_back(fmt::format("{}: no file of that name is for students", path));
    // The third hint of a TODO is nearly the code, on purpose. A CUDA stub holds the host code around its kernels. Two
    // solutions may share lines, and two mistakes their words.
    const bool open = released || path.ends_with("/hints.md");
    const bool cuda = path.ends_with(".cu") || path.ends_with(".cuh");
    if (cuda && !open)
      search(path, file.content, lines, kScaffold, false);
    else if (!open)
      search(path, file.content, lines, 2);
    search(path, file.content, sentences);
    search(path, file.content, paths);
  }
  return leaks;
}

}  // namespace workbook::grading
