#include "common/cli/watch_pane.h"

#include <algorithm>

#include <fmt/core.h>

#include "common/cli/board.h"
#include "common/cli/hints.h"
#include "common/cli/verdict_colour.h"
#include "common/system/text.h"
#include "common/system/utf8.h"

namespace workbook::cli {

namespace {

PaneText failure_text(const Lesson& lesson, const Board& board, const BoardTest& shown) {
  const std::vector<const BoardTest*> all = failures_by_exercise(lesson, board);
  const auto place = std::ranges::find(all, &shown) - all.begin() + 1;
  const report::Result& test = shown.result;
  PaneText text{fmt::format("{}failure {} of {} · {}", shown.ended ? "" : "before: ", place, all.size(), test.function),
                {},
                !shown.ended};
  text.body.push_back({fmt::format("✗ {}   {}", test.name, spoken(test.verdict)), Ink::red});
  text.body.push_back({test.message});
  if (test.verdict == Verdict::crashed && board.crash.find('"' + test.name + '"') != board.crash.npos)
    text.body.push_back({'\n' + board.crash});
  if (!test.output.empty()) {
    text.body.push_back({"\nyour program printed:", Ink::bold});
    for (const std::string& line : split_lines(test.output)) text.body.push_back({"| " + line});
  }
  return text;
}

PaneText problem_text(const Board& board) {
  if (board.phase == Board::Phase::failed) return {"the workbook could not judge", {{board.problem, Ink::yellow}}};
  return {"does not compile", {{"Mend this first error; the rest may follow from it.", Ink::bold}, {board.problem}}};
}

PaneText passed_text(const Board& board, const View& view) {
  PaneText text{"passed", {}};
  const int unverified = static_cast<int>(std::ranges::count(board.tests, Verdict::not_verifiable_here,
                                                             [](const BoardTest& t) { return t.result.verdict; }));
  const std::string points = fmt::format("{} of {} points.", board.points, board.max_points);
  if (unverified == 0)
    text.body.push_back({fmt::format("✓ All {} tests pass. {}", board.total, points), Ink::green});
  else
    text.body.push_back(
        {fmt::format("{} of {} tests pass; this machine cannot run the others. {}", board.passed, board.total, points),
         Ink::yellow});
  text.body.push_back({view.next, Ink::bold});
  for (const BoardTest& test : board.tests) {
    if (test.result.remarks.empty()) continue;
    text.body.push_back({"\n" + test.result.name, Ink::dim});
    for (const std::string& remark : test.result.remarks) text.body.push_back({"  " + remark});
  }
  return text;
}

PaneText steps_text(const Lesson& lesson, const Board& board) {
  const Exercise& exercise = next_exercise(lesson, verdicts_of_functions(board.report()));
  PaneText text{"what to do next", {}};
  text.body.push_back({fmt::format("{}TODO({}) {} is not started.", board.passed > 0 ? "What you wrote passes. " : "",
                                   exercise.todo, exercise.function),
                       Ink::bold});
  text.body.push_back({fmt::format("\nread  {}", shown(lesson.folder / "README.md"))});
  text.body.push_back({fmt::format("edit  {}", shown(file_with_todo(lesson, exercise.todo)))});
  text.body.push_back({"\nSave the file, and its tests run at once."});
  return text;
}

PaneText judging_text(const Lesson& lesson, const Board& board) {
  if (board.phase == Board::Phase::running) return {"running", {{"Nothing has failed so far.", Ink::dim}}};
  PaneText text{"building", {}};
  if (board.build_steps > 3)
    text.body.push_back(
        {fmt::format("More than your file has to be built, which takes a while: {} of {} steps are done.\n",
                     board.built, board.build_steps)});
  text.body.push_back({fmt::format("read  {}", shown(lesson.folder / "README.md"))});
  for (const fs::path& file : lesson.files_in(lesson.folder)) text.body.push_back({"edit  " + shown(file)});
  return text;
}

/// What is to be told of the lesson itself.
PaneText work_text(const Lesson& lesson, const Board& board, const View& view) {
  using enum Board::Phase;
  const bool judging = board.phase == building || board.phase == running || board.phase == waiting;
  if (const Board& told = board_shown(board, view); &told != &board) {
    PaneText before = work_text(lesson, told, view);
    before.old = true;
    before.heading = "before: " + before.heading;
    return before;
  }
  if (board.phase == failed || !board.problem.empty()) return problem_text(board);
  if (const BoardTest* failure = shown_failure(lesson, board, view)) return failure_text(lesson, board, *failure);
  if (judging) return judging_text(lesson, board);
  return board.verdict == Verdict::not_started ? steps_text(lesson, board) : passed_text(board, view);
}

/// How many bytes of `line` come before a break, so that at most `columns` are taken.
std::size_t break_before(std::string_view line, int columns) {
  std::size_t end = 0;
  for (int column = 0; column < columns && end < line.size(); ++column) end += decode(line.substr(end)).length;
  const std::size_t margin = std::min(line.find_first_not_of(' '), end);
  if (const auto blank = line.substr(0, end + 1).rfind(' '); blank != line.npos && blank > margin) return blank;
  if (const auto slash = line.substr(0, end).rfind('/'); slash != line.npos && slash > margin) return slash + 1;
  return end;
}

}  // namespace

std::vector<Piece> painted_changes(const std::string& diff) {
  std::vector<Piece> lines;
  for (const std::string& line : split_lines(diff)) {
    std::optional<Ink> ink;
    if (line.starts_with("--- ") || line.starts_with("+++ "))
      ink = Ink::bold;
    else if (line.starts_with('+'))
      ink = Ink::green;
    else if (line.starts_with('-'))
      ink = Ink::red;
    else if (line.starts_with('@'))
      ink = Ink::dim;
    lines.push_back({line.empty() ? " " : line, ink});
  }
  return lines;
}

std::vector<Piece> hints_text(const Lesson& lesson, const Exercise& exercise, int last) {
  const auto hints = hints_of(lesson, exercise);
  std::vector<Piece> text;
  for (int level = 1; level <= last; ++level) {
    text.push_back({(level == 1 ? "" : "\n") + hint_heading(exercise, level), Ink::bold});
    text.push_back({hints.at(static_cast<std::size_t>(level) - 1)});
  }
  if (last == kHintLevels) text.push_back({"\nThere are no more hints for this TODO.", Ink::dim});
  return text;
}

std::vector<Piece> folded(const Piece& paragraph, int columns) {
  std::vector<Piece> lines;
  columns = std::max(columns, 8);
  for (std::string line : split_lines(printable(paragraph.text, paragraph.text.size()))) {
    std::ranges::replace(line, '\t', ' ');
    const std::string margin(std::min<std::size_t>(line.find_first_not_of(' '), 4) + 2, ' ');
    while (width(line) > columns) {
      const std::size_t end = break_before(line, columns);
      lines.push_back({line.substr(0, end), paragraph.ink});
      line = margin + std::string(trimmed(std::string_view(line).substr(end)));
    }
    lines.push_back({line, paragraph.ink});
  }
  return lines;
}

PaneText pane_text(const Lesson& lesson, const Board& board, const View& view) {
  PaneText text = view.pane == View::Pane::hint      ? PaneText{"hints", view.text}
                  : view.pane == View::Pane::changes ? PaneText{"what you changed", view.text}
                                                     : work_text(lesson, board, view);
  if (view.pane == View::Pane::work && !board.warnings.empty())
    text.body.push_back({"\nThe compiler warns:\n" + board.warnings, Ink::yellow});
  if (!board.kept)
    text.body.insert(text.body.begin(),
                     {"The file was saved while it was compiled. Press a to judge it again.\n", Ink::yellow});
  std::string notices = board.notices;
  for (const std::string& notice : view.notices) notices += notice + '\n';
  if (!notices.empty()) text.body.insert(text.body.begin(), {notices + "\n", Ink::yellow});
  return text;
}

}  // namespace workbook::cli
