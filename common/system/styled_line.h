#pragma once
/// Text in several inks.

#include <optional>
#include <string>
#include <vector>

#include "common/system/terminal.h"

namespace workbook::system {

/// Text in one ink; without an ink, as the terminal has it.
struct Piece {
  std::string text;
  std::optional<Ink> ink{};
};

/// A line of a screen.
using Line = std::vector<Piece>;

/// As many columns of the line as there are (one per code point); the last is "…" if there was more. Tabs become
/// blanks, and "?" stands for what is not text.
Line clipped(const Line& line, int columns);

}  // namespace workbook::system
