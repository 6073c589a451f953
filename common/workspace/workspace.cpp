#include "common/workspace/workspace.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <regex>

#include <fmt/core.h>
#include <fmt/format.h>

#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/json.h"
#include "common/system/process.h"
#include "common/system/text.h"

namespace workbook::workspace {

using nlohmann::json;

namespace {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

fs::path root_upward_of(const fs::path& start) {
  for (fs::path folder = start;; folder = folder.parent_path()) {
    if (fs::is_directory(folder / "lessons")) return folder;
    if (folder == folder.parent_path()) throw UsageError("expected to run inside the workbook; found no lessons/ here");
  }
}

/// Reads members of a JSON object and says which of them is not as expected.
struct Members {
  const json& object;
  std::string where;

  template <class T>
  T get(const char* key, const char* expected) const {
    const auto found = object.find(key);
    if (found == object.end()) throw Error(fmt::format("{}: expected \"{}\" ({}), found none", where, key, expected));
    try {
      return found->get<T>();
    } catch (const json::exception&) {
      throw Error(fmt::format("{}: expected \"{}\" to be {}, found {}", where, key, expected, found->dump()));
    }
  }

  template <class T>
  T get_or(const char* key, const char* expected, T otherwise) const {
    return object.contains(key) ? get<T>(key, expected) : otherwise;
  }
};

json parse_object(const std::string& where, std::string_view text) {
  try {
    json document = json::parse(text);
    if (document.is_object()) return document;
  } catch (const json::parse_error& error) {
    const auto before = text.substr(0, std::min(error.byte, text.size()));
    throw Error(fmt::format("{}: expected valid JSON, found an error at line {}", where,
                            1 + std::count(before.begin(), before.end(), '\n')));
  }
  throw Error(where + ": expected a JSON object");
}

std::vector<Exercise> parse_exercises(const Members& members) {
  std::vector<Exercise> exercises;
  for (const json& entry : members.get<json::array_t>("exercises", "a list")) {
    if (!entry.is_object())
      throw Error(fmt::format("{}: expected exercises as objects, found {}", members.where, entry.dump()));
    const Members one{entry, members.where + ", exercises"};
    exercises.push_back({one.get<int>("todo", "a number"), one.get<std::string>("function", "a name")});
  }
  return exercises;
}

std::vector<Prediction> parse_predictions(const Members& members) {
  std::vector<Prediction> predictions;
  for (const json& entry : members.get_or<json::array_t>("predictions", "a list", {})) {
    if (!entry.is_object())
      throw Error(fmt::format("{}: expected predictions as objects, found {}", members.where, entry.dump()));
    const Members one{entry, members.where + ", predictions"};
    predictions.push_back({.label = one.get<std::string>("label", "a letter"),
                           .asks = one.get<std::string>("asks", "a text"),
                           .unit = one.get_or<std::string>("unit", "a text", ""),
                           .answer = one.get<std::string>("answer", "a text"),
                           .test = one.get<std::string>("test", "the name of a test")});
  }
  return predictions;
}

}  // namespace

Workspace find_workspace() {
  Workspace workspace;
  const auto root = environment("WORKBOOK_ROOT");
  workspace.root = root ? fs::path(*root) : root_upward_of(fs::current_path());
  workspace.build = fs::absolute(environment("WORKBOOK_BUILD_DIR").value_or((workspace.root / "build").string()));
  workspace.state = workspace.root / ".workbook";
  return workspace;
}

std::string self() { return shell_quoted(environment("WORKBOOK_COMMAND").value_or("./workbook")); }

std::string shown(const fs::path& path) {
  std::error_code ignored;
  const std::string near = path.lexically_proximate(fs::current_path(ignored)).string();
  return near.starts_with("..") && path.string().size() < near.size() ? path.string() : near;
}

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Does it begin as a lesson's folder does?
bool is_numbered(std::string_view folder) {
  return folder.size() >= 3 && digit(folder[0]) && digit(folder[1]) && folder[2] == '_';
}

}  // namespace

bool is_lesson_id(std::string_view id) {
  if (!is_numbered(id) || id.size() < 4 || id[3] < 'a' || id[3] > 'z') return false;
  return std::all_of(id.begin() + 3, id.end(), [&](char c) { return digit(c) || c == '_' || (c >= 'a' && c <= 'z'); });
}

std::vector<fs::path> Lesson::files_in(const fs::path& place) const {
  std::vector<fs::path> paths;
  for (const std::string& file : files) paths.push_back(place / file);
  return paths;
}

std::map<std::string, std::string> Lesson::contents_in(const fs::path& place) const {
  std::map<std::string, std::string> contents;
  for (const std::string& file : files)
    if (auto content = read_file(place / file)) contents[file] = *std::move(content);
  return contents;
}

Lesson parse_lesson(const fs::path& folder, std::string_view text) {
  const std::string where = shown(folder / "lesson.json");
  const json document = parse_object(where, text);
  const Members members{document, where};
  using Names = std::vector<std::string>;

  Lesson lesson;
  lesson.folder = folder;
  lesson.id = folder.filename();
  lesson.number = lesson.id.substr(0, 2);
  lesson.name = lesson.id.substr(3);
  lesson.title = members.get<std::string>("title", "a text");
  lesson.summary = members.get<std::string>("summary", "a text");
  lesson.track = members.get<std::string>("track", "\"cpu\", \"cuda\" or \"capstone\"");
  lesson.minutes = members.get<int>("minutes", "a number");
  lesson.needs = members.get_or<Names>("needs", "a list of names", {});
  lesson.files = members.get<Names>("files", "a list of file names");
  lesson.flavours = members.get_or<Names>("flavours", "a list of names", {});
  lesson.exercises = parse_exercises(members);
  lesson.predictions = parse_predictions(members);
  if (lesson.files.empty()) throw Error(where + ": expected \"files\" to name the stub, found an empty list");
  for (const std::string& file : lesson.files)
    if (file.empty() || fs::path(file).filename() != file)
      throw Error(fmt::format("{}: expected \"files\" to be in the lesson's folder, found {}", where, file));
  if (lesson.exercises.empty()) throw Error(where + ": expected at least one of \"exercises\", found an empty list");
  if (lesson.track != "cpu" && lesson.track != "cuda" && lesson.track != "capstone")
    throw Error(fmt::format("{}: expected \"track\" to be cpu, cuda or capstone, found {}", where, lesson.track));
  return lesson;
}

const Lesson& Catalog::find(const std::string& wanted) const {
  std::string key =
      fs::path(wanted).has_filename() ? fs::path(wanted).stem() : fs::path(wanted).parent_path().filename();
  // Whatever a file is called: it is part of the lesson in whose folder it lies.
  for (const fs::path& part : fs::path(wanted))
    if (is_lesson_id(part.string())) key = part;
  if (key.size() == 1 && std::isdigit(static_cast<unsigned char>(key[0])) != 0) key.insert(0, "0");
  for (const Broken& lesson : broken)
    if (key == lesson.id || key == lesson.id.substr(0, 2) || key == lesson.id.substr(3)) throw Error(lesson.problem);

  std::vector<const Lesson*> parts;
  for (const Lesson& lesson : lessons) {
    if (key == lesson.id || key == lesson.number || key == lesson.name) return lesson;
    if (!key.empty() && lesson.id.find(key) != std::string::npos) parts.push_back(&lesson);
  }
  if (parts.size() == 1) return *parts.front();
  if (parts.size() > 1) {
    std::vector<std::string> ids;
    for (const Lesson* lesson : parts) ids.push_back(lesson->id);
    throw UsageError(
        fmt::format("expected one lesson, found {} called \"{}\": {}", ids.size(), wanted, fmt::join(ids, ", ")));
  }
  std::vector<std::string> names;
  for (const Lesson& lesson : lessons) names.insert(names.end(), {lesson.id, lesson.name});
  const std::string near = nearest(key, names);
  const std::string advice =
      near.empty() ? fmt::format("`{} list` shows them all", self()) : fmt::format("did you mean {}?", near);
  throw UsageError(fmt::format("expected a lesson's number or name, found \"{}\"; {}", wanted, advice));
}

std::vector<const Lesson*> Catalog::several(const std::string& wanted) const {
  static const std::regex range(R"((\d{1,2})-(\d{1,2}))");
  std::smatch ends;
  if (wanted != "all" && !std::regex_match(wanted, ends, range)) return {};
  const int first = wanted == "all" ? 0 : std::stoi(ends[1]), last = wanted == "all" ? 99 : std::stoi(ends[2]);
  std::vector<const Lesson*> chosen;
  for (const Lesson& lesson : lessons)
    if (const int number = std::stoi(lesson.number); first <= number && number <= last) chosen.push_back(&lesson);
  if (chosen.empty())
    throw UsageError(fmt::format("expected lessons like 01-04 or all, found no lesson in \"{}\"", wanted));
  return chosen;
}

Catalog read_catalog(const Workspace& workspace) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(workspace.root / "lessons", error))
    if (entry.is_directory() && is_numbered(entry.path().filename().string())) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());

  Catalog catalog;
  for (const fs::path& folder : folders) {
    try {
      if (!is_lesson_id(folder.filename().string()))
        throw Error(fmt::format("{}: expected two digits and a name in snake_case, like 05_kv_cache", shown(folder)));
      const auto text = read_file(folder / "lesson.json");
      if (!text) throw Error(fmt::format("{}: expected this file, found none", shown(folder / "lesson.json")));
      catalog.lessons.push_back(parse_lesson(folder, *text));
    } catch (const Error& problem) {
      catalog.broken.push_back({folder.filename(), problem.what()});
    }
  }
  return catalog;
}

}  // namespace workbook::workspace
