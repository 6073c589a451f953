
#include <fmt/format.h>

#include "common/edition/edition.h"
#include "common/grading/program.h"
#include "common/grading/release/edition_archive.h"
#include "common/grading/release/edition_files.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"

namespace workbook::grading {

namespace {

/// The two programs that the platform runs lie at the top, everything else in workbook/.
EditionFiles bundle_of(const fs::path& root, const std::vector<workspace::Lesson>& lessons) {
  const fs::path container = "common/grading/container";
  EditionFiles bundle;
  for (const auto& [path, file] : collect_workbook(root, lessons)) bundle["workbook/" + path] = file;
  for (const char* program : {"setup.sh", "run_autograder"})
    bundle[program] = bundle.at((fs::path("workbook") / container / program).string());
  return bundle;
}

}  // namespace

int commands::bundle(const BundleOptions& options) {
  const workspace::Workspace workspace = workspace::find_workspace();
  if (workspace::is_edition(workspace))
    throw system::UsageError("`bundle` needs the instructor's workbook; this is an edition");
  const auto lessons = chosen_lessons(workspace::read_catalog(workspace), options.lessons);
  const EditionFiles files = bundle_of(workspace.root, lessons);
  system::write_atomically(fs::absolute(options.out), zip_of(files, "", source_date(workspace.root)));
  fmt::print("{} grades {} lessons. It holds hidden tests: upload it where students cannot read it.\n",
             workspace::shown(fs::absolute(options.out)), lessons.size());
  return 0;
}

}  // namespace workbook::grading
