#include "common/cli/your_work.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "common/cli/judge.h"
#include "common/cli/system.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/workspace/state.h"

namespace workbook::cli {

std::string changes_text(const Workspace& workspace, const Lesson& lesson, bool coloured) {
  require_stub(lesson);
  std::string changes;
  for (const std::string& file : lesson.files) {
    const fs::path before = pristine_path(workspace, lesson, file);
    const fs::path now = lesson.folder / file;
    read_pristine(workspace, lesson, file);  // says so if there is none
    const Ended diff =
        run({.argv = {"diff", "-u", "--strip-trailing-cr", coloured ? "--color=always" : "--color=never", "--label",
                      shown(now) + " (as handed out)", "--label", shown(now), before.string(), now.string()},
             .folder = {},
             .capture = true});
    if (diff.exit_code > 1 || diff.exit_code < 0) throw Error("diff failed: " + diff.output);
    changes += diff.output;
  }
  return changes;
}

namespace {

fs::path backups_of(const Workspace& workspace, const Lesson& lesson) {
  return workspace.state / "backups" / lesson.id;
}

/// Keeps the student's file under a name that is not taken: "20261129-190800-file", then "20261129-190800.2-file".
fs::path keep_file(const Workspace& workspace, const Lesson& lesson, const std::string& file, const std::string& text,
                   const std::string& time) {
  const fs::path folder = backups_of(workspace, lesson);
  fs::path path = folder / fmt::format("{}-{}", time, file);
  for (int n = 2; fs::exists(path); ++n) path = folder / fmt::format("{}.{}-{}", time, n, file);
  write_atomically(path, text);
  return path;
}

/// When something was kept, and the how many-th it was in that second.
using Age = std::pair<std::string, int>;

/// The age of a backup of `file` by its name. Nothing for other names.
std::optional<Age> age_of(std::string_view name, const std::string& file) {
  constexpr std::size_t kTime = 15;
  if (name.size() <= kTime + file.size() || !name.ends_with("-" + file)) return std::nullopt;
  const std::string time(name.substr(0, kTime));
  const std::string_view number = name.substr(kTime, name.size() - kTime - file.size() - 1);
  if (number.empty()) return Age{time, 1};
  int n = 0;
  const auto [end, error] = std::from_chars(number.data() + 1, number.data() + number.size(), n);
  if (number[0] != '.' || error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return Age{time, n};
}

}  // namespace

void reset_files(const Workspace& workspace, const Lesson& lesson, const std::function<void(const std::string&)>& say) {
  std::map<std::string, std::string> pristine;
  for (const std::string& file : lesson.files) pristine[file] = read_pristine(workspace, lesson, file);
  const std::string time = timestamp();
  for (const auto& [file, text] : pristine) {
    const fs::path stub = lesson.folder / file;
    const auto mine = read_file(stub);
    if (mine == text) continue;
    if (mine) say(fmt::format("Your work is kept in {}", shown(keep_file(workspace, lesson, file, *mine, time))));
    write_atomically(stub, text);
    say(fmt::format("{} is as it was handed out.", shown(stub)));
  }
}

std::map<std::string, fs::path> last_backup(const Workspace& workspace, const Lesson& lesson) {
  std::map<std::string, std::pair<Age, fs::path>> newest;
  std::string last;  // the time of the last reset: it kept several files at once
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(backups_of(workspace, lesson), error))
    for (const std::string& file : lesson.files) {
      const auto age = age_of(entry.path().filename().string(), file);
      if (!age || (newest.contains(file) && *age < newest[file].first)) continue;
      newest[file] = {*age, entry.path()};
      last = std::max(last, age->first);
    }
  std::map<std::string, fs::path> backup;
  for (const auto& [file, kept] : newest)
    if (kept.first.first == last && read_file(kept.second) != read_file(lesson.folder / file))
      backup[file] = kept.second;
  return backup;
}

void restore_files(const Workspace& workspace, const Lesson& lesson,
                   const std::function<void(const std::string&)>& say) {
  const std::string time = timestamp();
  for (const auto& [file, backup] : last_backup(workspace, lesson)) {
    const fs::path stub = lesson.folder / file;
    const auto text = read_file(backup), mine = read_file(stub);
    if (!text) throw Error("cannot read " + shown(backup));
    if (mine && mine != read_pristine(workspace, lesson, file))
      say(fmt::format("What was in the file is kept in {}", shown(keep_file(workspace, lesson, file, *mine, time))));
    write_atomically(stub, *text);
    say(fmt::format("{} is back from {}", shown(stub), shown(backup)));
  }
}

}  // namespace workbook::cli
