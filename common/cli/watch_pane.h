#pragma once
/// The lower half of what `watch` shows: a failure in full, an error of the compiler, or what to do next.

#include <string>
#include <vector>

#include "common/cli/watch_screen.h"

namespace workbook::cli {

/// What there is to read, before it is broken into lines.
struct PaneText {
  std::string heading;              ///< stands in the rule above
  std::vector<system::Piece> body;  ///< a paragraph each
  bool old = false;                 ///< of the run before
};

/// What the view shows of that board.
PaneText pane_text(const workspace::Lesson& lesson, const Board& board, const View& view);

/// A unified diff, each line in its ink.
std::vector<system::Piece> painted_changes(const std::string& diff);

/// The first `last` hints for an exercise. @throws Error if the lesson has none
std::vector<system::Piece> hints_text(const workspace::Lesson& lesson, const workspace::Exercise& exercise, int last);

/// Text in lines of at most so many columns, broken at blanks or slashes where there are some; what goes on is
/// indented.
std::vector<system::Piece> folded(const system::Piece& paragraph, int columns);

}  // namespace workbook::cli
