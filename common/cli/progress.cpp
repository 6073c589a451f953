#include "common/cli/progress.h"

#include <algorithm>
#include <ctime>

#include "common/cli/hints.h"
#include "common/system/json.h"
#include "common/workspace/state.h"

namespace workbook::cli {

using nlohmann::json;

namespace {

constexpr const char* kResults = "progress.json";
constexpr const char* kHintsShown = "hints.json";

/// @throws json::exception, std::bad_optional_access when the entry was not written by keep_result().
Standing parse_standing(const json& entry) {
  Standing standing;
  standing.verdict = verdict_named(entry.at("verdict").get<std::string>()).value();
  standing.points = entry.at("points");
  standing.max_points = entry.at("max_points");
  for (const auto& [function, verdict] : entry.at("functions").items())
    standing.functions[function] = verdict_named(verdict.get<std::string>()).value();
  standing.failed = entry.value("failed", std::vector<std::string>());
  standing.tried = entry.value("tried", std::int64_t{0});
  standing.solved = entry.value("solved", std::int64_t{0});
  return standing;
}

}  // namespace

Progress::Progress(const Workspace& workspace) : workspace_(&workspace) {
  const json state = read_state(workspace, kResults);
  for (const auto& [id, entry] : state.items()) {
    try {
      runs_[id] = {entry.at("hash"), parse_standing(entry)};
    } catch (const std::exception&) {
      runs_.erase(id);  // as good as never judged
    }
  }
}

Standing Progress::of(const Lesson& lesson) const {
  Standing standing;
  if (const auto run = runs_.find(lesson.id); run != runs_.end()) {
    standing = run->second.standing;
    if (run->second.hash != content_hash(lesson)) standing.verdict.reset();
  } else if (!is_edited(*workspace_, lesson)) {
    standing.verdict = Verdict::not_started;
  }
  return standing;
}

const Lesson* Progress::next(const Catalog& catalog, const Lesson* after) const {
  const Lesson* first = nullptr;
  for (const Lesson& lesson : catalog.lessons) {
    if (of(lesson).finished()) continue;
    if (!after || lesson.id > after->id) return &lesson;
    if (!first) first = &lesson;
  }
  return first;
}

std::map<std::string, Verdict> verdicts_of_functions(const report::Report& report) {
  std::map<std::string, Verdict> gravest;
  for (const report::Result& test : report.tests) {
    const auto [entry, added] = gravest.try_emplace(test.function, test.verdict);
    if (!added) entry->second = worse(entry->second, test.verdict);
  }
  return gravest;
}

const Exercise& next_exercise(const Lesson& lesson, const std::map<std::string, Verdict>& functions) {
  const Exercise* waiting = nullptr;
  for (const Exercise& exercise : lesson.exercises) {
    const auto found = functions.find(exercise.function);
    const Verdict verdict = found == functions.end() ? Verdict::not_started : found->second;
    if (verdict == Verdict::passed || verdict == Verdict::not_verifiable_here) continue;
    if (verdict != Verdict::not_started) return exercise;
    if (waiting == nullptr) waiting = &exercise;
  }
  return waiting != nullptr ? *waiting : lesson.exercises.front();
}

void keep_result(const Workspace& workspace, const Lesson& lesson, const std::string& hash,
                 const report::Report& report) {
  if (hash.empty()) return;
  json functions = json::object(), failed = json::array();
  for (const report::Result& test : report.tests)
    if (is_failure(test.verdict)) failed.push_back(test.name);
  const std::int64_t now = std::time(nullptr);
  for (const auto& [function, verdict] : verdicts_of_functions(report)) functions[function] = name(verdict);
  update_state(workspace, kResults, [&](json& state) {
    json& entry = state[lesson.id];
    if (!entry.is_object()) entry = json::object();
    // A file that does not compile has no tests to count; what they are worth is known from before.
    const json max_points = report.tests.empty() ? entry.value("max_points", json(0)) : json(report.max_points);
    // Nor does it change which tests failed before, and are wanted first.
    if (report.verdict == Verdict::does_not_compile) failed = entry.value("failed", failed);
    const std::int64_t solved = entry.value("solved", std::int64_t{0});
    entry = {{"hash", hash},
             {"verdict", name(report.verdict)},
             {"points", report.points},
             {"max_points", max_points},
             {"functions", functions},
             {"failed", failed},
             {"tried", now},
             {"solved", solved == 0 && report.verdict == Verdict::passed ? now : solved}};
  });
}

int hints_seen(const Workspace& workspace, const Lesson& lesson, int todo) {
  const json entry = read_state(workspace, kHintsShown).value(lesson.id, json::object());
  const json seen = entry.is_object() ? entry.value(std::to_string(todo), json()) : json();
  return seen.is_number_integer() ? std::clamp(seen.get<int>(), 0, kHintLevels) : 0;
}

int count_hint(const Workspace& workspace, const Lesson& lesson, int todo, bool all) {
  int seen = 0;
  update_state(workspace, kHintsShown, [&](json& state) {
    json& entry = state[lesson.id];
    if (!entry.is_object()) entry = json::object();
    json& count = entry[std::to_string(todo)];
    seen = count.is_number_integer() ? std::clamp(count.get<int>(), 0, kHintLevels) : 0;
    count = all ? kHintLevels : std::min(seen + 1, kHintLevels);
  });
  return seen;
}

}  // namespace workbook::cli
