#include "common/cli/study/snapshot.h"

#include <algorithm>

#include "common/cli/progress.h"
#include "common/cli/study/prediction_mark.h"
#include "common/cli/study/predictions.h"
#include "common/cli/your_work.h"
#include "common/system/json.h"

namespace workbook::cli::study {

using nlohmann::json;

namespace {

std::string_view phase_name(Board::Phase phase) {
  switch (phase) {
    case Board::Phase::waiting:
      return "waiting";
    case Board::Phase::building:
      return "building";
    case Board::Phase::running:
      return "running";
    case Board::Phase::judged:
      return "judged";
    case Board::Phase::failed:
      return "failed";
  }
  return "";
}

/// A verdict as {"name", "spoken"}, or null.
json verdict_document(const std::optional<Verdict>& verdict) {
  if (!verdict) return nullptr;
  return {{"name", name(*verdict)}, {"spoken", spoken(*verdict)}, {"failure", is_failure(*verdict)}};
}

/// What was counted during the calls of a test, if the checker's line has it: {"heap_peak_bytes": 4096, ...}.
json counts_of(const report::Result& result) {
  json counts = json::object();
  const json line = json::parse(result.json, nullptr, false);
  const auto evidence = line.is_object() ? line.find("evidence") : line.end();
  if (!line.is_object() || evidence == line.end() || !evidence->is_object()) return counts;
  for (const auto& [what, count] : evidence->items())
    if (count.is_number() || count.is_string()) counts[what] = count;
  return counts;
}

json test_document(const BoardTest& test) {
  const report::Result& result = test.result;
  json document{
      {"id", result.id},         {"name", result.name}, {"group", result.group}, {"function", result.function},
      {"points", result.points}, {"ended", test.ended}, {"verdict", nullptr}};
  if (!test.known) return document;
  document["verdict"] = verdict_document(result.verdict);
  document["earned"] = result.earned();
  document["message"] = result.message;
  document["remarks"] = result.remarks;
  document["output"] = result.output;
  document["counts"] = counts_of(result);
  return document;
}

json exercises_document(const Lesson& lesson, const Board& board) {
  const auto functions = verdicts_of_functions(board.report());
  json exercises = json::array();
  for (const Exercise& exercise : lesson.exercises) {
    const auto found = functions.find(exercise.function);
    exercises.push_back({{"todo", exercise.todo},
                         {"function", exercise.function},
                         {"verdict", found == functions.end() ? json() : verdict_document(found->second)}});
  }
  return exercises;
}

/// The answer is told when its test has passed, and not before.
json predictions_document(const Workspace& workspace, const Lesson& lesson, const Board& board) {
  json predictions = json::array();
  if (lesson.predictions.empty()) return predictions;
  const auto written = read_predictions(workspace, lesson);
  for (const Prediction& one : lesson.predictions) {
    const auto text = written.find(one.label);
    json document{{"label", one.label},
                  {"asks", one.asks},
                  {"unit", one.unit},
                  {"yours", text == written.end() ? "" : text->second},
                  {"test", one.test}};
    const auto test = std::ranges::find(board.tests, one.test, [](const BoardTest& t) { return t.result.name; });
    if (test != board.tests.end() && test->known && test->result.verdict == Verdict::passed) {
      document["answer"] = one.answer;
      document["remarks"] = test->result.remarks;
      const auto mark = mark_of(document["yours"].get<std::string>(), one.answer);
      document["mark"] = mark ? json(name(*mark)) : json();
    }
    predictions.push_back(document);
  }
  return predictions;
}

/// Where the work from before the last reset is, if it is not in place: paths in the workbook.
json backup_document(const Workspace& workspace, const Lesson& lesson) {
  json paths = json::array();
  for (const auto& [file, path] : last_backup(workspace, lesson))
    paths.push_back(path.lexically_proximate(workspace.root).string());
  return paths;
}

/// The page of a lesson in the documentation.
std::string page_of(const Lesson& lesson) { return "lesson_" + lesson.id + ".html"; }

json lessons_document(const Book& book, const Progress& progress) {
  json lessons = json::array();
  for (const Lesson& lesson : book.catalog.lessons) {
    const Standing standing = progress.of(lesson);
    lessons.push_back({{"id", lesson.id},
                       {"number", lesson.number},
                       {"title", lesson.title},
                       {"page", page_of(lesson)},
                       {"verdict", verdict_document(standing.verdict)},
                       {"points", standing.edited_since() ? 0 : standing.points},
                       {"max_points", standing.max_points}});
  }
  return lessons;
}

}  // namespace

std::string snapshot_document(const Book& book, const Lesson& lesson, const Board& board) {
  const Progress progress(book.workspace);
  json files = json::array(), tests = json::array();
  for (const fs::path& file : lesson.files_in(lesson.folder))
    files.push_back(file.lexically_proximate(book.workspace.root).string());
  for (const BoardTest& test : board.tests) tests.push_back(test_document(test));
  const Lesson* next = progress.next(book.catalog, &lesson);
  if (next != nullptr && next->id == lesson.id) next = nullptr;
  const json document{
      {"lesson", {{"id", lesson.id}, {"number", lesson.number}, {"title", lesson.title}, {"files", files}}},
      {"run", board.run},
      {"phase", phase_name(board.phase)},
      {"built", board.built},
      {"build_steps", board.build_steps},
      {"notices", board.notices},
      {"problem", board.problem},
      {"warnings", board.warnings},
      {"crash", board.crash},
      {"verdict", verdict_document(board.verdict)},
      {"passed", board.passed},
      {"total", board.total},
      {"points", board.points},
      {"max_points", board.max_points},
      {"kept", board.kept},
      {"seconds", board.seconds},
      {"tests", tests},
      {"exercises", exercises_document(lesson, board)},
      {"predictions", predictions_document(book.workspace, lesson, board)},
      {"longest_prediction", kLongestPrediction},
      {"lessons", lessons_document(book, progress)},
      {"backup", backup_document(book.workspace, lesson)},
      {"next",
       next == nullptr ? json() : json{{"number", next->number}, {"title", next->title}, {"page", page_of(*next)}}}};
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace workbook::cli::study
