#include <memory>

#include <unistd.h>

#include <fmt/format.h>

#include "common/cli/command.h"
#include "common/cli/grading.h"
#include "common/edition/update.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/temporary_folder.h"
#include "common/system/terminal.h"
#include "common/system/text.h"

namespace workbook::cli {

namespace {

/// In an instructor's workbook: the edition as it would be released now, with the lessons it has.
void release_again(const Workspace& workspace, const Edition& edition, const fs::path& into) {
  Argv release = build_grading(workspace);
  release.insert(release.end(), {"release", into.string(), "--quiet", "--no-trial", "--lessons"});
  std::string numbers;
  for (const std::string& lesson : edition.lessons) numbers += (numbers.empty() ? "" : ",") + lesson.substr(0, 2);
  release.push_back(numbers);
  if (!run({.argv = release, .folder = {}}).ok()) throw Error("nothing was updated");
}

/// The edition's folder in an archive, or the folder itself.
fs::path unpacked(const fs::path& edition, const fs::path& into) {
  if (fs::is_directory(edition)) return edition;
  if (!fs::exists(edition)) throw UsageError(fmt::format("expected an edition, found no {}", shown(edition)));
  const Ended tar =
      run({.argv = {"cmake", "-E", "tar", "xf", fs::absolute(edition).string()}, .folder = into, .capture = true});
  if (!tar.ok())
    throw Error(
        fmt::format("expected a folder or a zip, found that {} is neither: {}", shown(edition), trimmed(tar.output)));
  for (const auto& entry : fs::directory_iterator(into))
    if (fs::exists(entry.path() / kEditionFile)) return entry.path();
  return into;
}

void print_paths(const char* what, const std::vector<std::string>& paths) {
  if (paths.empty()) return;
  constexpr std::size_t kMost = 20;
  fmt::print("{}\n", what);
  for (std::size_t i = 0; i < paths.size() && i < kMost; ++i) fmt::print("  {}\n", paths[i]);
  if (paths.size() > kMost) fmt::print("  and {} more\n", paths.size() - kMost);
}

void print_summary(const UpdateSummary& summary) {
  if (summary.nothing()) {
    fmt::print("Nothing has changed.\n");
    return;
  }
  print_paths("Brought:", summary.brought);
  print_paths("Gone, for the newer edition has them no more:", summary.removed);
  print_paths("You had edited these; yours are kept under .workbook/backups:", summary.aside);
  print_paths("Your work, untouched, though the file that was handed out has changed:", summary.kept);
  for (const std::string& path : summary.kept)
    fmt::print("  see it with {}\n", paint(Ink::bold, call("diff " + path.substr(8, 2))));
}

int update_edition(const std::string& wanted) {
  const Workspace workspace = find_workspace();
  const bool inside = is_edition(workspace);
  if (wanted.empty() && !inside) throw UsageError("expected the folder of an edition, found nothing");
  const fs::path target = inside ? workspace.root : fs::path(wanted);
  if (!fs::exists(target / kEditionFile))
    throw UsageError(fmt::format("expected a student edition, found no {} in {}", kEditionFile, shown(target)));
  const FileLock lock(target / ".workbook/update.lock");
  if (finish_update(target)) fmt::print("An update that was interrupted is complete now.\n");
  if (wanted.empty()) return 0;

  const TemporaryFolder scratch(target / fmt::format(".workbook/update.{}.tmp", ::getpid()));
  fs::path source = scratch.path() / "edition";
  if (inside)
    source = unpacked(wanted, scratch.path());
  else
    release_again(workspace, read_edition(target).value(), source);
  const UpdateSummary summary = stage_update(source, target);
  finish_update(target);
  print_summary(summary);
  return 0;
}

}  // namespace

Action commands::update(Options options) {
  auto edition = std::make_shared<std::string>();
  options.text("edition", *edition,
               "in an edition: the newer one, a folder or zip; in the instructor's workbook: the edition's folder");
  return [edition] { return update_edition(*edition); };
}

}  // namespace workbook::cli
