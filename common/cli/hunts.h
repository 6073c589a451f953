#pragma once
/// Bug hunts: a mistake of a lesson's solution as code that somebody finds, to be repaired. What is being hunted, and
/// what was found, is kept in .workbook/hunts.json; the code in .workbook/hunts/NN_name/.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/cli/command.h"
#include "common/cli/mistakes.h"

namespace workbook::cli {

struct HuntState {
  std::string open;              ///< name of the mistake that is being hunted; "" for none
  std::set<std::string> solved;  ///< names of those that were repaired
  std::set<std::string> seen;    ///< names of those that were revealed
};

HuntState read_hunts(const Workspace& workspace, const Lesson& lesson);
void keep_hunts(const Workspace& workspace, const Lesson& lesson, const HuntState& state);

/// The mistakes that can be hunted: a public test catches them.
std::vector<LessonMistake> huntable(const Workspace& workspace, const Lesson& lesson);

/// Where the code of a lesson's hunt lies.
fs::path hunt_folder(const Workspace& workspace, const Lesson& lesson);

}  // namespace workbook::cli
