#include "common/cli/hunts.h"

#include <algorithm>

#include "common/system/json.h"
#include "common/workspace/state.h"

namespace workbook::cli {

using nlohmann::json;

namespace {

constexpr const char* kHunts = "hunts.json";

}  // namespace

HuntState read_hunts(const Workspace& workspace, const Lesson& lesson) try {
  const json state = read_state(workspace, kHunts);
  if (!state.contains(lesson.id)) return {};
  const json& entry = state.at(lesson.id);
  return {entry.at("open"), entry.at("solved"), entry.at("seen")};
} catch (const json::exception&) {
  return {};  // as good as never begun
}

void keep_hunts(const Workspace& workspace, const Lesson& lesson, const HuntState& hunts) {
  update_state(workspace, kHunts, [&](json& state) {
    state[lesson.id] = {{"open", hunts.open}, {"solved", hunts.solved}, {"seen", hunts.seen}};
  });
}

std::vector<LessonMistake> huntable(const Workspace& workspace, const Lesson& lesson) {
  std::vector<LessonMistake> mistakes = read_mistakes(workspace, lesson);
  std::erase_if(mistakes, [](const LessonMistake& mistake) {
    return mistake.sources.empty() || (mistake.says.group != "basic" && mistake.says.group != "advanced");
  });
  return mistakes;
}

fs::path hunt_folder(const Workspace& workspace, const Lesson& lesson) { return workspace.state / "hunts" / lesson.id; }

}  // namespace workbook::cli
