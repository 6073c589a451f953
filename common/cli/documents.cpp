#include "common/cli/documents.h"

#include <nlohmann/json.hpp>

namespace workbook::cli {

using json = nlohmann::ordered_json;

namespace {

std::string printed(const json& document) { return document.dump(1, ' ', false, json::error_handler_t::replace); }

json named(const std::optional<Verdict>& verdict) { return verdict ? json(name(*verdict)) : json(); }

}  // namespace

std::string board_document(const Book& book, const Progress& progress) {
  json lessons = json::array();
  for (const Lesson& lesson : book.catalog.lessons) {
    const Standing standing = progress.of(lesson);
    json exercises = json::array();
    for (const Exercise& exercise : lesson.exercises) {
      const auto found = standing.functions.find(exercise.function);
      const bool known = !standing.edited_since() && found != standing.functions.end();
      exercises.push_back({{"todo", exercise.todo},
                           {"function", exercise.function},
                           {"verdict", known ? json(name(found->second))
                                             : named(standing.functions.empty() ? standing.verdict : std::nullopt)}});
    }
    lessons.push_back({{"id", lesson.id},
                       {"title", lesson.title},
                       {"track", lesson.track},
                       {"verdict", named(standing.verdict)},
                       {"edited", standing.edited_since()},
                       {"points", standing.edited_since() ? 0 : standing.points},
                       {"max_points", standing.max_points},
                       {"exercises", exercises}});
  }
  json broken = json::array();
  for (const auto& lesson : book.catalog.broken) broken.push_back({{"id", lesson.id}, {"problem", lesson.problem}});
  const Lesson* next = progress.next(book.catalog);
  return printed({{"lessons", lessons}, {"next", next == nullptr ? json() : json(next->id)}, {"broken", broken}});
}

std::string test_document(const Lesson& lesson, const Judged& judged, const std::optional<CrashReport>& crash) {
  json tests = json::array();
  for (const report::Result& test : judged.report.tests) tests.push_back(json::parse(test.json));
  json out{{"lesson", lesson.id},
           {"verdict", name(judged.verdict())},
           {"points", judged.report.points},
           {"max_points", judged.report.max_points},
           {"passed", judged.report.passed},
           {"total", judged.report.total},
           {"tests", tests}};
  if (!judged.problem.empty()) out["message"] = judged.problem;
  if (crash && crash->finding)
    out["crash"] = {{"test", crash->test},
                    {"file", crash->finding->file},
                    {"line", crash->finding->line},
                    {"reason", crash->finding->reason}};
  return printed(out);
}

}  // namespace workbook::cli
