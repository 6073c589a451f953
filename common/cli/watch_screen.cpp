#include "common/cli/watch_screen.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "common/cli/system.h"
#include "common/cli/verdict_colour.h"
#include "common/cli/watch_pane.h"
#include "common/system/text.h"
#include "common/system/utf8.h"

namespace workbook::cli {

namespace {

using Phase = Board::Phase;

int columns_of(const Line& line) {
  int columns = 0;
  for (const Piece& piece : line) columns += width(piece.text);
  return columns;
}

/// `left`, cut if need be, and `right` at the other end of the line; `filler` between them.
Line spread(const Line& left, const Line& right, int columns, const std::string& filler = " ") {
  const int most = std::max(0, columns - columns_of(right) - 1);
  Line line = clipped(left, most);
  std::string between;
  for (int column = columns_of(line); column < columns - columns_of(right); ++column) between += filler;
  line.push_back({between, Ink::dim});
  line.insert(line.end(), right.begin(), right.end());
  return line;
}

Piece phase_text(const Board& board) {
  switch (board.phase) {
    case Phase::waiting:
      return {"waiting", Ink::dim};
    case Phase::building:
      if (board.build_steps < 4) return {"building", Ink::yellow};
      return {fmt::format("building {} of {}", board.built, board.build_steps), Ink::yellow};
    case Phase::running:
      if (board.ended() < static_cast<int>(board.tests.size()))
        return {fmt::format("running {} of {}", board.ended(), board.tests.size()), Ink::yellow};
      return {"looking closer at the crash", Ink::yellow};
    case Phase::judged:
      return {std::string(spoken(*board.verdict)), ink_of(*board.verdict)};
    case Phase::failed:
      break;
  }
  return {"not judged", Ink::red};
}

Line header(const Lesson& lesson, const Board& board, double seconds, int columns) {
  const Line state{phase_text(board), {fmt::format(" · {:.1f} s", seconds), Ink::dim}};
  return spread({{fmt::format("{} {}", lesson.number, lesson.name), Ink::bold}, {" · " + lesson.title}}, state,
                columns);
}

Piece mark(const BoardTest& test) {
  if (!test.known) return {"·", Ink::dim};
  const Verdict verdict = test.result.verdict;
  const char* sign = is_failure(verdict)                       ? "✗"
                     : verdict == Verdict::passed              ? "✓"
                     : verdict == Verdict::not_verifiable_here ? "–"
                                                               : "○";
  return {sign, test.ended ? ink_of(verdict) : Ink::dim};
}

/// The tests of one exercise.
struct Row {
  const Exercise* exercise = nullptr;
  std::vector<const BoardTest*> tests;
  int passed = 0;
  bool shown = false;  ///< the failure below is one of them

  bool done() const { return passed == static_cast<int>(tests.size()); }
};

std::vector<Row> rows_of(const Lesson& lesson, const Board& board, const BoardTest* shown) {
  std::vector<Row> rows;
  for (const Exercise& exercise : lesson.exercises) {
    Row row{.exercise = &exercise, .tests = {}};
    for (const BoardTest& test : board.tests) {
      if (test.result.function != exercise.function) continue;
      row.tests.push_back(&test);
      row.passed += test.known && test.result.verdict == Verdict::passed;
      row.shown |= shown != nullptr && test.result.id == shown->result.id;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Where there is no room for all: those without tests go first, then those that pass, then the last. @returns how many
int leave_out(std::vector<Row>& rows, int most) {
  int left_out = 0;
  const auto drop = [&](auto&& can_go) {
    for (auto row = rows.end(); row != rows.begin() && static_cast<int>(rows.size()) > most;)
      if (--row; !row->shown && can_go(*row)) {
        row = rows.erase(row);
        ++left_out;
      }
  };
  drop([](const Row& row) { return row.tests.empty(); });
  drop([](const Row& row) { return row.done(); });
  drop([](const Row&) { return true; });
  return left_out;
}

std::string label(const Row& row) { return fmt::format("TODO({}) {}", row.exercise->todo, row.exercise->function); }

Line row_line(const Row& row, int label_columns, int mark_columns) {
  Line line{{row.shown ? "> " : "  ", Ink::red},
            {padded(label(row), label_columns + 2), row.shown ? std::optional(Ink::bold) : std::nullopt}};
  for (const BoardTest* test : row.tests) line.push_back(mark(*test));
  const int marks = static_cast<int>(row.tests.size());
  line.push_back({std::string(static_cast<std::size_t>(mark_columns - marks + 2), ' ')});
  if (marks > 0) line.push_back({fmt::format("{:>2} of {}", row.passed, marks), Ink::dim});
  return line;
}

std::vector<Line> board_lines(const Lesson& lesson, const Board& board, const BoardTest* shown, int most) {
  std::vector<Row> rows = rows_of(lesson, board, shown);
  int left_out = 0;
  if (static_cast<int>(rows.size()) > most) left_out = leave_out(rows, most - 1);
  int label_columns = 0, mark_columns = 0;
  for (const Row& row : rows) {
    label_columns = std::max(label_columns, width(label(row)));
    mark_columns = std::max(mark_columns, static_cast<int>(row.tests.size()));
  }
  std::vector<Line> lines;
  for (const Row& row : rows) lines.push_back(row_line(row, label_columns, mark_columns));
  if (left_out > 0) lines.push_back({{fmt::format("  … {} more", left_out), Ink::dim}});
  return lines;
}

/// Between the board and the pane: what is below, and how many tests pass.
Line rule(const std::string& heading, const Board& board, const Board& judged, int columns) {
  const bool judging = board.phase != Phase::judged || board.total == 0;
  const Board& counted = judging ? judged : board;
  std::string totals;
  if (counted.total > 0)
    totals = fmt::format(" {} of {} tests · {} of {} points ──", counted.passed, counted.total, counted.points,
                         counted.max_points);
  return spread({{"── ", Ink::dim}, {heading + " "}}, {{totals, judging ? std::optional(Ink::dim) : std::nullopt}},
                columns, "─");
}

/// The part of the pane that there is room for.
std::vector<Line> pane_lines(const PaneText& text, int& scroll, int rows, int columns) {
  std::vector<Line> all;
  for (const Piece& paragraph : text.body)
    for (const Piece& line : folded(paragraph, columns - 2))
      all.push_back({{"  "}, {line.text, text.old ? std::optional(Ink::dim) : line.ink}});
  const int size = static_cast<int>(all.size());
  if (size <= rows || rows < 2) {
    scroll = 0;
    all.resize(static_cast<std::size_t>(std::clamp(rows, 0, size)));
    return all;
  }
  scroll = std::clamp(scroll, 0, size - (rows - 1));
  const int below = size - scroll - (rows - 1);
  std::vector<Line> shown(all.begin() + scroll, all.begin() + scroll + rows - 1);
  shown.push_back({{below > 0 ? fmt::format("  … {} more line{} (↓, PgDn)", below, below == 1 ? "" : "s")
                              : std::string("  the end (↑, PgUp)"),
                    Ink::dim}});
  return shown;
}

Line keys_line(const View& view) {
  if (view.asks_for_reset)
    return {{" Give your file its first form back? Your work is kept aside.  ", Ink::yellow},
            {"y", Ink::bold},
            {" yes  "},
            {"n", Ink::bold},
            {" no"}};
  std::vector<std::pair<const char*, const char*>> keys{{"n", "next failure"}, {"h", "hint"},    {"d", "diff"},
                                                        {"r", "reset"},        {"a", "run all"}, {"N", "next lesson"},
                                                        {"q", "quit"}};
  if (view.pane == View::Pane::hint) keys = {{"h", "next hint"}, {"Esc", "back"}, {"d", "diff"}, {"q", "quit"}};
  if (view.pane == View::Pane::changes)
    keys = {{"Esc", "back"}, {"↓ ↑ PgDn PgUp", "scroll"}, {"r", "reset"}, {"q", "quit"}};
  Line line;
  for (const auto& [key, meaning] : keys) {
    line.push_back({line.empty() ? " " : "  "});
    line.push_back({key, Ink::bold});
    line.push_back({std::string(" ") + meaning, Ink::dim});
  }
  return line;
}

}  // namespace

const Board& board_shown(const Board& board, const View& view) {
  return board.phase == Phase::building && view.judged.phase != Phase::waiting ? view.judged : board;
}

std::vector<const BoardTest*> failures_by_exercise(const Lesson& lesson, const Board& board) {
  const bool running = board.phase == Phase::running;
  std::vector<const BoardTest*> failed;
  for (const BoardTest& test : board.tests)
    if ((test.ended || (running && test.known)) && is_failure(test.result.verdict)) failed.push_back(&test);
  std::map<std::string, int> places;
  for (const Exercise& exercise : lesson.exercises) places.emplace(exercise.function, exercise.todo);
  std::ranges::stable_sort(failed, {}, [&](const BoardTest* test) {
    const auto place = places.find(test->result.function);
    return place == places.end() ? std::numeric_limits<int>::max() : place->second;
  });
  return failed;
}

const BoardTest* shown_failure(const Lesson& lesson, const Board& board, const View& view) {
  const std::vector<const BoardTest*> failed = failures_by_exercise(lesson, board);
  const auto chosen = std::ranges::find(failed, view.test, [](const BoardTest* test) { return test->result.id; });
  if (chosen != failed.end()) return *chosen;
  return failed.empty() ? nullptr : failed.front();
}

std::vector<Line> screen_lines(const Lesson& lesson, const Board& board, double seconds, View& view,
                               TerminalSize size) {
  const Board& told = board_shown(board, view);
  const BoardTest* shown = told.problem.empty() ? shown_failure(lesson, told, view) : nullptr;
  std::vector<Line> lines{header(lesson, board, seconds, size.columns)};
  const std::vector<Line> rows = board_lines(lesson, board, shown, std::max(1, size.rows * 5 / 12));
  if (view.pane != View::Pane::changes) {  // those need the room
    if (size.rows > static_cast<int>(rows.size()) + 8) lines.push_back({});
    lines.insert(lines.end(), rows.begin(), rows.end());
  }
  const PaneText text = pane_text(lesson, board, view);
  lines.push_back(rule(text.heading, board, view.judged, size.columns));
  const int room = size.rows - static_cast<int>(lines.size()) - 1;
  const std::vector<Line> pane = pane_lines(text, view.scroll, room, size.columns);
  lines.insert(lines.end(), pane.begin(), pane.end());
  lines.resize(static_cast<std::size_t>(std::max(0, size.rows - 1)));
  lines.push_back(keys_line(view));
  return lines;
}

}  // namespace workbook::cli
