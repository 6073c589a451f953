#include "common/cli/board.h"

#include <algorithm>
#include <ctime>

#include <fmt/core.h>

#include "common/cli/hunts.h"
#include "common/cli/verdict_colour.h"
#include "common/system/text.h"
#include "common/system/utf8.h"

namespace workbook::cli {

namespace {

constexpr int kVerdictColumns = 20, kPointsColumns = 8;

std::string painted_verdict(const std::optional<Verdict>& verdict) {
  const std::string text = padded(verdict ? spoken(*verdict) : "edited since", kVerdictColumns);
  return paint(verdict ? ink_of(*verdict) : Ink::yellow, text);
}

/// "6/20", "-/20" when the file was edited since, nothing before the first run.
std::string points_text(const Standing& standing) {
  if (standing.max_points == 0) return "";
  return fmt::format("{}/{}", standing.edited_since() ? "-" : std::to_string(standing.points), standing.max_points);
}

/// "2 h ago", or the day.
std::string ago(std::int64_t then) {
  const std::int64_t seconds = std::time(nullptr) - then;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 24 * 3600) return fmt::format("{} h ago", seconds / 3600);
  const std::time_t time = then;
  std::tm day{};
  ::localtime_r(&time, &day);
  return fmt::format("{:04}-{:02}-{:02}", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
}

/// When it was solved, or else tried last; and what was hunted.
std::string times_text(const Book& book, const Lesson& lesson, const Standing& standing) {
  std::string text;
  if (standing.finished() && standing.solved > 0)
    text = "solved " + ago(standing.solved);
  else if (standing.tried > 0 && standing.verdict != Verdict::not_started)
    text = "tried " + ago(standing.tried);
  if (const std::size_t hunted = read_hunts(book.workspace, lesson).solved.size(); hunted > 0)
    text += fmt::format("{}{} bug{} repaired", text.empty() ? "" : " · ", hunted, hunted == 1 ? "" : "s");
  return paint(Ink::dim, text);
}

void print_exercises(const Lesson& lesson, const Standing& standing, int name_columns) {
  for (const Exercise& exercise : lesson.exercises) {
    const auto found = standing.functions.find(exercise.function);
    std::string state;
    if (!standing.edited_since() && found != standing.functions.end()) state = painted(found->second);
    fmt::print("       {} {}\n", padded(fmt::format("TODO({}) {}", exercise.todo, exercise.function), name_columns),
               state);
  }
}

/// Begun or next: its exercises are worth a line each.
bool is_open(const Lesson& lesson, const Standing& standing, const Lesson* next) {
  return &lesson == next || (!standing.finished() && standing.verdict != Verdict::not_started);
}

}  // namespace

fs::path file_with_todo(const Lesson& lesson, int todo) {
  for (const auto& [file, content] : lesson.contents_in(lesson.folder))
    if (content.find(fmt::format("TODO({})", todo)) != content.npos) return lesson.folder / file;
  return lesson.folder / lesson.files.front();
}

void print_board(const Book& book, const Progress& progress) {
  const Lesson* next = progress.next(book.catalog);
  int points = 0, max_points = 0, columns = 16;
  for (const Lesson& lesson : book.catalog.lessons) {
    const Standing standing = progress.of(lesson);
    if (!standing.edited_since()) points += standing.points;
    max_points += standing.max_points;
    columns = std::max(columns, width(lesson.name) + 4);
    for (const Exercise& exercise : lesson.exercises)
      if (is_open(lesson, standing, next)) columns = std::max(columns, width(exercise.function) + 8);
  }
  fmt::print("{}", paint(Ink::bold, "Attention Workbook"));
  if (max_points > 0) fmt::print(" · {} of {} points so far", points, max_points);
  fmt::print("\n\n");
  for (const Lesson& lesson : book.catalog.lessons) {
    const Standing standing = progress.of(lesson);
    const bool here = &lesson == next;
    const std::string label = padded(fmt::format("{}  {}", lesson.number, lesson.name), columns + 4);
    const std::string line = fmt::format(
        " {} {} {} {} {}", here ? ">" : " ", here ? paint(Ink::bold, label) : label, painted_verdict(standing.verdict),
        padded(points_text(standing), kPointsColumns), times_text(book, lesson, standing));
    fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
    if (is_open(lesson, standing, next)) print_exercises(lesson, standing, columns);
  }
  for (const auto& broken : book.catalog.broken)
    fmt::print(" {} {}\n", paint(Ink::red, "!"), trimmed(wrapped(broken.problem, 76, 3)));
  fmt::print("\n");
}

void print_steps(const Lesson& lesson, const std::map<std::string, Verdict>& functions) {
  fmt::print("  read  {}\n", shown(lesson.folder / "README.md"));
  fmt::print("  edit  {}\n", shown(file_with_todo(lesson, next_exercise(lesson, functions).todo)));
  fmt::print("  then  {}\n", paint(Ink::bold, call("test " + lesson.number)));
}

std::string minutes_text(const Lesson& lesson) {
  return fmt::format("{} minute{}", lesson.minutes, lesson.minutes == 1 ? "" : "s");
}

void print_next(const Book& book, const Progress& progress, const Lesson* after) {
  const Lesson* next = progress.next(book.catalog, after);
  if (next == nullptr) {
    fmt::print("{}\n", book.catalog.lessons.empty() ? "There are no lessons here." : "Every lesson is finished.");
    return;
  }
  fmt::print("Next: lesson {}, {} ({})\n", next->number, paint(Ink::bold, next->title), minutes_text(*next));
  print_steps(*next, progress.of(*next).functions);
}

}  // namespace workbook::cli
