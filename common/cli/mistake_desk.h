#pragma once
/// The work on one lesson's mistakes: edit, save, rebase.

#include <string>

#include "common/cli/command.h"
#include "common/cli/mistakes.h"

namespace workbook::cli {

struct Desk {
  const Workspace& workspace;
  const Lesson& lesson;
  mistake::Sources solution;

  /// @throws Error if a file of the solution is missing
  Desk(const Book& book, const Lesson& found)
      : workspace(book.workspace), lesson(found), solution(read_solution(workspace, lesson)) {}

  fs::path diff(const std::string& name) const { return mistake_file(workspace, lesson, name); }

  /// The solution's file with the mistake in it, for an editor.
  fs::path scratch(const std::string& name, const std::string& file) const {
    return workspace.state / "mistakes" / lesson.id / name / file;
  }

  /// The file of the lesson that the mistake changes: the one of which there is a copy or a diff; for a new mistake
  /// `wanted`, or the first if that is empty. @throws UsageError if `wanted` cannot be it
  std::string file_of(const std::string& name, const std::string& wanted = {}) const;

  /// The solution with another content of one file.
  mistake::Sources with(const std::string& file, const std::string& content) const;

  /// The smallest unified diff of a file, with as much context as makes each hunk fit one place.
  /// @throws Error if nothing differs
  std::string minimal_diff(const std::string& file, const std::string& content) const;

  /// @throws Error that names the mistake's file
  [[noreturn]] void refuse_diff(const std::string& name, const mistake::Malformed& error) const;
};

}  // namespace workbook::cli
