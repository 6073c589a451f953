#include "common/cli/rebase.h"

#include <unistd.h>

#include <optional>

#include <fmt/core.h>

#include "common/mistake/mistake.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/temporary_folder.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

std::optional<std::string> applied(const std::string& diff, const std::string& version) try {
  return mistake::apply(diff, version);
} catch (const mistake::Malformed&) {
  return std::nullopt;
}

}  // namespace

std::vector<std::string> versions_of(const Workspace& workspace, const fs::path& file) {
  const std::string path = file.lexically_relative(workspace.root);
  const auto git = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-C", workspace.root.string()});
    return run({.argv = std::move(arguments), .folder = {}, .capture = true});
  };
  const Ended log = git({"log", "--format=%H", "--", path});
  std::vector<std::string> versions;
  if (!log.ok()) return versions;
  for (const std::string& commit : split_lines(log.output))
    if (const Ended version = git({"show", commit + ":./" + path}); version.ok()) versions.push_back(version.output);
  return versions;
}

Carried carry(const Workspace& workspace, const std::string& solution, const std::vector<std::string>& versions,
              const std::string& diff) {
  for (const std::string& version : versions) {
    const auto wrong = applied(diff, version);
    if (!wrong) continue;
    const TemporaryFolder folder(workspace.state / fmt::format("rebase.{}.tmp", ::getpid()));
    write_atomically(folder.path() / "solution", solution);
    write_atomically(folder.path() / "before", version);
    write_atomically(folder.path() / "mistake", *wrong);
    const Ended merge = run({.argv = {"git", "merge-file", "-p", "-q", "solution", "before", "mistake"},
                             .folder = folder.path(),
                             .capture = true});
    if (merge.exit_code < 0 || merge.exit_code > 127) throw Error("git merge-file failed: " + merge.output);
    if (merge.ok()) return {.source = merge.output, .problem = {}};
    // git takes a change beside another for a conflict. If the lines that the mistake changes are still there, once,
    // what has changed around them does not matter.
    const Ended diff =
        run({.argv = {"diff", "--minimal", "-U0", "before", "mistake"}, .folder = folder.path(), .capture = true});
    if (const auto moved = applied(diff.output, solution)) return {.source = *moved, .problem = {}};
    return {.source = merge.output, .problem = "the solution has changed where the mistake is"};
  }
  return {.source = {},
          .problem = "fits no version of the solution that git knows; commit a solution before you change it"};
}

}  // namespace workbook::cli
