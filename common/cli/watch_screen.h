#pragma once
/// What `watch` shows, as lines. Knows no terminal.

#include <string>
#include <vector>

#include "common/cli/loop.h"
#include "common/system/styled_line.h"

namespace workbook::cli {

/// What a student has chosen to see of a lesson, and what was found out for it.
struct View {
  enum class Pane { work, hint, changes };

  Pane pane = Pane::work;
  std::string test;                  ///< id of the failure that is shown; empty: the first
  int scroll = 0;                    ///< lines of the pane that are above it
  std::vector<system::Piece> text;   ///< of the hints or the changes: a paragraph each
  std::vector<std::string> notices;  ///< sentences, until the next key
  bool asks_for_reset = false;       ///< the next key answers
  Board judged;                      ///< as it was at the last verdict
  std::string next;                  ///< what comes after this lesson
};

/// The board that the pane speaks of: as long as a file is compiled, the one before.
const Board& board_shown(const Board& board, const View& view);

/// The failures of a board, by exercise and then as the board has them. While tests are running, what failed before is
/// among them until it has ended again.
std::vector<const BoardTest*> failures_by_exercise(const workspace::Lesson& lesson, const Board& board);

/// The failure that the view shows, or null.
const BoardTest* shown_failure(const workspace::Lesson& lesson, const Board& board, const View& view);

/// The whole screen: at most so many rows; whoever draws them clips them to the columns. Keeps `view.scroll` in bounds.
std::vector<system::Line> screen_lines(const workspace::Lesson& lesson, const Board& board, double seconds, View& view,
                                       system::TerminalSize size);

}  // namespace workbook::cli
