#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "common/edition/edition.h"
#include "common/grading/program.h"
#include "common/grading/release/edition_archive.h"
#include "common/grading/release/edition_files.h"
#include "common/grading/release/edition_search.h"
#include "common/grading/release/edition_trial.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/sha256.h"
#include "common/system/temporary_folder.h"
#include "common/system/terminal.h"

namespace workbook::grading {

namespace {

using system::Error;
using system::UsageError;

void write_edition(const EditionFiles& files, const fs::path& folder) {
  for (const auto& [path, file] : files) {
    system::check_interrupted();
    const fs::path target = folder / path;
    fs::create_directories(target.parent_path());
    std::ofstream out(target, std::ios::binary);
    out << file.content;
    if (!out.flush()) throw Error(fmt::format("cannot write {}: is the disk full?", target.string()));
    if (file.executable)
      fs::permissions(target, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                      fs::perm_options::add);
  }
}

/// The files with the one that lists them all.
EditionFiles with_list(EditionFiles files, const std::vector<workspace::Lesson>& lessons, std::string& id) {
  workspace::Edition edition;
  for (const workspace::Lesson& lesson : lessons) edition.lessons.push_back(lesson.id);
  for (const auto& [path, file] : files) edition.files[path] = system::sha256(file.content);
  files[workspace::kEditionFile].content = workspace::edition_document(edition);
  id = edition.id;
  return files;
}

void refuse_leaks(const EditionFiles& files, const fs::path& root, const std::vector<std::string>& accepted,
                  const std::vector<workspace::Lesson>& solved) {
  const auto leaks = find_leaks(files, root, accepted, solved);
  if (leaks.empty()) return;
  const std::size_t shown = std::min<std::size_t>(leaks.size(), 12);
  throw Error(
      fmt::format("expected nothing of the instructor's in the edition, found {}:\n  {}\nIf a file is meant to be so: "
                  "--accept FILE",
                  leaks.size(), fmt::join(leaks.begin(), leaks.begin() + static_cast<std::ptrdiff_t>(shown), "\n  ")));
}

fs::path checked_target(const ReleaseOptions& options, const fs::path& root) {
  fs::path out = fs::absolute(options.out).lexically_normal();
  if (!out.has_filename()) out = out.parent_path();
  if (options.zip && out.extension() != ".zip") out += ".zip";
  if (fs::exists(out) && !(fs::is_directory(out) && !options.zip && fs::is_empty(out)))
    throw UsageError(fmt::format("expected a new name to write to, found {} there already{}", out.string(),
                                 fs::exists(out / workspace::kEditionFile) ? "; `update` brings it up to date" : ""));
  const std::string inside = fs::weakly_canonical(out).lexically_relative(fs::weakly_canonical(root)).string();
  if (!inside.starts_with("..") && !inside.starts_with("build"))
    throw UsageError(fmt::format("expected a place outside this workbook, found {}", out.string()));
  return out;
}

}  // namespace

int commands::release(const ReleaseOptions& options) {
  const workspace::Workspace workspace = workspace::find_workspace();
  if (workspace::is_edition(workspace))
    throw UsageError("`release` needs the instructor's workbook; this is a student edition");
  const auto lessons = chosen_lessons(workspace::read_catalog(workspace), options.lessons);
  std::vector<workspace::Lesson> solved;
  if (!options.solutions.empty()) solved = chosen_lessons({lessons, {}}, options.solutions);
  const fs::path out = checked_target(options, workspace.root);
  const auto say = [&](const std::string& text) {
    if (!options.quiet) fmt::print("{}\n", text), std::fflush(stdout);
  };
  std::string id;
  const EditionFiles files = with_list(collect_edition(workspace.root, lessons, solved), lessons, id);
  say(fmt::format("Edition {}: {} lessons, {} files", id, lessons.size(), files.size()));
  refuse_leaks(files, workspace.root, options.accepted, solved);
  say(solved.empty()
          ? "  nothing in it is the instructor's"
          : fmt::format("  nothing in it is the instructor's but what --solutions {} names", options.solutions));

  fs::create_directories(out.parent_path());
  const system::TemporaryFolder draft(out.parent_path() /
                                      fmt::format(".{}.{}.tmp", out.filename().string(), ::getpid()));
  const fs::path folder = draft.path() / out.stem();
  write_edition(files, folder);
  if (!options.no_trial) {
    say("  tried alone, as a student would:");
    try_edition(folder, lessons, solved, [&](const std::string& what) { say("    " + what); });
  }
  system::check_interrupted();
  if (options.zip)
    system::write_atomically(out, zip_of(files, out.stem(), source_date(workspace.root)));
  else
    fs::rename(folder, out);
  say(fmt::format("{} is ready.", workspace::shown(out)));
  return 0;
}

}  // namespace workbook::grading
