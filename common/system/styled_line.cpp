#include "common/system/styled_line.h"

#include <algorithm>
#include <string_view>

#include "common/system/utf8.h"

namespace workbook::system {

Line clipped(const Line& line, int columns) {
  Line shown;
  if (columns <= 0) return shown;
  int left = columns;
  for (const Piece& piece : line) {
    shown.push_back({printable(piece.text, piece.text.size()), piece.ink});
    std::ranges::replace_if(
        shown.back().text, [](char c) { return c == '\n' || c == '\t'; }, ' ');
    left -= width(shown.back().text);
  }
  if (left >= 0) return shown;
  left = columns - 1;
  for (std::size_t i = 0;; ++i) {
    std::string& text = shown[i].text;
    const int wide = width(text);
    left -= wide;
    if (left > 0) continue;
    std::size_t end = 0;
    for (int column = 0; column < wide + left; ++column) end += decode(std::string_view(text).substr(end)).length;
    text.replace(end, text.npos, "…");
    shown.resize(i + 1);
    return shown;
  }
}

}  // namespace workbook::system
