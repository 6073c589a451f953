#pragma once
/// What a student has made of the files of a lesson, beside what was handed out.

#include <functional>
#include <map>
#include <string>

#include "common/workspace/workspace.h"

namespace workbook::cli {

/// A unified diff from what was handed out to what is there; empty if nothing was changed but line ends.
/// @throws Error if a copy of what was handed out is missing, UsageError if a file of the student is
std::string changes_text(const workspace::Workspace& workspace, const workspace::Lesson& lesson, bool coloured);

/// Gives the lesson's files their first form back, and keeps what was there in .workbook/backups. `say` gets each thing
/// done, as a sentence. @throws Error if a file cannot be written or what was handed out is missing
void reset_files(const workspace::Workspace& workspace, const workspace::Lesson& lesson,
                 const std::function<void(const std::string&)>& say);

/// What the last reset of a lesson kept, by the names of the lesson's files; without those that are as they were kept.
std::map<std::string, workspace::fs::path> last_backup(const workspace::Workspace& workspace,
                                                       const workspace::Lesson& lesson);

/// Puts last_backup() back in place. What is there is kept first, as a reset does, unless it is as it was handed out.
/// `say` gets each thing done, as a sentence. @throws Error if a file cannot be read or written
void restore_files(const workspace::Workspace& workspace, const workspace::Lesson& lesson,
                   const std::function<void(const std::string&)>& say);

}  // namespace workbook::cli
