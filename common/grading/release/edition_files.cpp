#include "common/grading/release/edition_files.h"

#include <algorithm>
#include <array>
#include <regex>
#include <sstream>

#include <fmt/format.h>

#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/text.h"

namespace workbook::grading {

namespace {

constexpr std::array kAtRoot{"CMakeLists.txt", "CMakePresets.json", "LICENSE",       "README.md",
                             "workbook",       ".clang-format",     ".gitattributes"};
constexpr std::array kParts{"bench",  "checker", "cli",    "cmake",  "contract", "cuda",
                            "docs",   "edition", "figure", "gpu",    "mistake",  "options",
                            "oracle", "report",  "system", "tensor", "worker",   "workspace"};
constexpr std::array kDocs{"Doxyfile",         "README.md",         "architecture.md", "before_you_start.md",
                           "glossary.md",      "interactive.md",    "roofline.md",     "site.css",
                           "student_guide.md", "cuda_simulator.md", "benchmark.md",    "on_a_gpu.md"};
constexpr std::array kDocFolders{"figures", "interactive", "results", "study"};

class EditionCollector {
 public:
  explicit EditionCollector(const fs::path& root) : root_(root) {}

  void add(const fs::path& path) {
    const auto content = system::read_file(root_ / path);
    if (!content) throw system::Error(fmt::format("cannot read {}", (root_ / path).string()));
    const auto mode = fs::status(root_ / path).permissions();
    files_[path.string()] = {*content, (mode & fs::perms::owner_exec) != fs::perms::none};
  }

  void add_if_there(const fs::path& path) {
    if (fs::is_regular_file(root_ / path)) add(path);
  }

  /// Regular files below `folder` that `wanted` accepts; no folder called tests, no links.
  template <class Wanted>
  void add_below(const fs::path& folder, const Wanted& wanted) {
    if (!fs::is_directory(root_ / folder)) return;
    for (const auto& entry : fs::directory_iterator(root_ / folder)) {
      const std::string name = entry.path().filename();
      if (entry.is_symlink() || name.starts_with('.') || name == "tests") continue;
      if (entry.is_directory())
        add_below(folder / name, wanted);
      else if (wanted(name))
        add(folder / name);
    }
  }

  EditionFiles files_;

 private:
  fs::path root_;
};

bool is_source(const std::string& name) {
  static constexpr std::array kEndings{".h",  ".cpp", ".cu", ".cuh", ".cmake", ".sh",
                                       ".js", ".awk", ".py", ".in",  ".inc",   "CMakeLists.txt"};
  return std::any_of(kEndings.begin(), kEndings.end(), [&](const char* ending) { return name.ends_with(ending); });
}

void add_lesson(EditionCollector& edition, const workspace::Lesson& lesson) {
  const fs::path folder = fs::path("lessons") / lesson.id;
  for (const char* file : {"README.md", "hints.md", "lesson.json"}) edition.add(folder / file);
  for (const std::string& file : lesson.files) {
    edition.add(folder / file);
    edition.files_[(fs::path(".workbook/pristine") / lesson.id / file).string()] = edition.files_[folder / file];
  }
  edition.add_below(folder, [](const std::string& name) {
    return name.ends_with(".h") || name.ends_with(".cuh") || name.ends_with(".svg");
  });
  const fs::path tests = fs::path("testcases") / lesson.id;
  edition.add(tests / "basic_test.cpp");
  edition.add_if_there(tests / "advanced_test.cpp");
  for (const char* adapter : {"bench.cpp", "method.cpp", "selector.cpp"}) edition.add_if_there(tests / adapter);
  // Helpers lie beside the tests; those of hidden tests lie in hidden/.
  for (const auto& entry : fs::directory_iterator(lesson.folder.parent_path().parent_path() / tests))
    if (entry.is_regular_file() && entry.path().extension() == ".h") edition.add(tests / entry.path().filename());
}

/// A mistake names the test that catches it, and hidden tests stay hidden.
bool is_caught_in_public(const fs::path& diff) {
  const std::string text = system::read_file(diff).value_or("");
  return text.substr(0, text.find("\n--- ")).find("[hidden]") == text.npos;
}

void add_solution(EditionCollector& edition, const fs::path& root, const workspace::Lesson& lesson) {
  const fs::path folder = fs::path("solutions") / lesson.id;
  for (const std::string& file : lesson.files) edition.add(folder / file);
  edition.add_if_there(folder / "compare.md");
  edition.add_below(folder / "mistakes", [&](const std::string& name) {
    return name.ends_with(".diff") && is_caught_in_public(root / folder / "mistakes" / name);
  });
}

/// The target of a link as a path from the root; "" for what is elsewhere or in the same text.
std::string local_target(const std::string& link, const std::string& path) {
  if (link.empty() || link.find(':') != link.npos || link.front() == '#') return "";
  return (fs::path(path).parent_path() / link.substr(0, link.find('#'))).lexically_normal().string();
}

bool is_there(const std::string& target, const EditionFiles& files) {
  const auto next = files.lower_bound(target);
  if (next == files.end()) return false;
  return next->first == target || next->first.starts_with(target.ends_with('/') ? target : target + '/');
}

/// `line` without links that lead nowhere.
std::string unlinked(const std::string& line, const std::string& path, const EditionFiles& files) {
  static const std::regex kLink(R"(\[([^\]]*)\]\(([^)\s]+)\))");
  std::string result;
  auto at = line.cbegin();
  for (std::sregex_iterator link(line.begin(), line.end(), kLink), end; link != end; ++link) {
    const std::string target = local_target((*link)[2], path);
    result.append(at, link->prefix().second);
    result += target.empty() || is_there(target, files) ? link->str() : (*link)[1].str();
    at = link->suffix().first;
  }
  return result.append(at, line.cend());
}

}  // namespace

std::string text_for_students(const std::string& text, const std::string& path, const EditionFiles& files) {
  static const std::regex kItem(R"(^ *[-*] \[[^\]]*\]\(([^)\s]+)\).*)");
  std::string result;
  bool instructors = false, left_out = false;
  for (const std::string& line : system::split_lines(text)) {
    if (line == "<!-- instructors -->" || line == "<!-- /instructors -->") {
      instructors = line[5] == 'i';
      continue;
    }
    std::smatch item;
    if (std::regex_match(line, item, kItem)) {
      const std::string target = local_target(item[1], path);
      left_out = !target.empty() && !is_there(target, files);
    } else if (!line.starts_with("  ")) {
      left_out = false;
    }
    if (!instructors && !left_out) result += unlinked(line, path, files) + '\n';
  }
  return result;
}

EditionFiles collect_edition(const fs::path& root, const std::vector<workspace::Lesson>& lessons,
                             const std::vector<workspace::Lesson>& solved) {
  EditionCollector edition(root);
  for (const char* file : kAtRoot) edition.add_if_there(file);
  edition.add_if_there(".devcontainer/devcontainer.json");
  edition.add_below(".vscode", [](const std::string& name) { return name.ends_with(".json"); });
  edition.add("common/CMakeLists.txt");
  for (const char* part : kParts) edition.add_below(fs::path("common") / part, is_source);
  for (const char* file : kDocs) edition.add_if_there(fs::path("docs") / file);
  for (const char* folder : kDocFolders)
    edition.add_below(fs::path("docs") / folder, [](const std::string&) { return true; });
  for (const workspace::Lesson& lesson : lessons) add_lesson(edition, lesson);
  for (const workspace::Lesson& lesson : solved) add_solution(edition, root, lesson);
  // Students who keep their work in git keep the first forms with it.
  edition.files_[".gitignore"].content =
      "/build/\n/.workbook/*\n!/.workbook/pristine/\n/compile_commands.json\n/.cache/\n/submission.zip\n";
  for (auto& [path, file] : edition.files_)
    if (path.ends_with(".md")) file.content = text_for_students(file.content, path, edition.files_);
  return edition.files_;
}

EditionFiles collect_workbook(const fs::path& root, const std::vector<workspace::Lesson>& lessons) {
  const EditionFiles edition = collect_edition(root, lessons);
  EditionCollector workbook(root);
  const auto anything = [](const std::string&) { return true; };
  workbook.add_below("common/grading", anything);
  for (const workspace::Lesson& lesson : lessons)
    workbook.add_below(fs::path("testcases") / lesson.id / "hidden", anything);
  workbook.files_.insert(edition.begin(), edition.end());
  return workbook.files_;
}

std::vector<workspace::Lesson> chosen_lessons(const workspace::Catalog& catalog, const std::string& wanted) {
  if (!catalog.broken.empty()) throw system::Error(catalog.broken.front().problem);
  if (wanted.empty()) return catalog.lessons;
  std::vector<bool> taken(catalog.lessons.size());
  std::istringstream parts(wanted);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto dash = part.find('-');
    std::string first = part.substr(0, dash), last = dash == part.npos ? first : part.substr(dash + 1);
    for (std::string* number : {&first, &last})
      if (number->size() == 1) number->insert(0, "0");
    if (first.size() != 2 || last.size() != 2 || first > last)
      throw system::UsageError(fmt::format("expected lessons like 01-08 or 01,04, found \"{}\"", wanted));
    bool any = false;
    for (std::size_t i = 0; i < taken.size(); ++i)
      if (const std::string& number = catalog.lessons[i].number; first <= number && number <= last)
        any = taken[i] = true;
    if (!any) throw system::UsageError(fmt::format("expected a lesson with the number {}, found none", part));
  }
  std::vector<workspace::Lesson> lessons;
  for (std::size_t i = 0; i < taken.size(); ++i)
    if (taken[i]) lessons.push_back(catalog.lessons[i]);
  return lessons;
}

}  // namespace workbook::grading
