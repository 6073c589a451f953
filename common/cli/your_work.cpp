#include "common/cli/your_work.h"

#include <map>

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

/// Where the student's file is kept; never a name that is taken.
fs::path backup_path(const Workspace& workspace, const Lesson& lesson, const std::string& file) {
  const fs::path folder = workspace.state / "backups" / lesson.id;
  const std::string time = timestamp();
  fs::path path = folder / fmt::format("{}-{}", time, file);
  for (int n = 2; fs::exists(path); ++n) path = folder / fmt::format("{}.{}-{}", time, n, file);
  return path;
}

}  // namespace

void reset_files(const Workspace& workspace, const Lesson& lesson, const std::function<void(const std::string&)>& say) {
  std::map<std::string, std::string> pristine;
  for (const std::string& file : lesson.files) pristine[file] = read_pristine(workspace, lesson, file);
  for (const auto& [file, text] : pristine) {
    const fs::path stub = lesson.folder / file;
    const auto mine = read_file(stub);
    if (mine == text) continue;
    if (mine) {
      const fs::path backup = backup_path(workspace, lesson, file);
      write_atomically(backup, *mine);
      say(fmt::format("Your work is kept in {}", shown(backup)));
    }
    write_atomically(stub, text);
    say(fmt::format("{} is as it was handed out.", shown(stub)));
  }
}

}  // namespace workbook::cli
