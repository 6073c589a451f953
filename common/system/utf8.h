#pragma once
/// UTF-8, and text from outside made fit for any reader.

#include <string>
#include <string_view>

namespace workbook::system {

/// The code point at the front of `text`, which is not empty, and how many bytes it takes (RFC 3629).
/// The length is 0 if the bytes are not UTF-8.
struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;
};
CodePoint decode(std::string_view text);

/// Columns that UTF-8 text takes (one per code point).
int width(std::string_view text);

/// `text` as valid UTF-8 without control characters but tabs and ends of lines, at most `most` bytes of it: '?' stands
/// for each byte that is neither, and the end says if something was cut.
std::string printable(std::string_view text, std::size_t most);

/// A foreign name for a message: at most 160 bytes of it in quotes. `\x1b` and the like stand for bytes that are not
/// UTF-8, and for what a reader would not see as it is: controls, invisible signs, signs that turn the text around.
std::string quoted(std::string_view text);

}  // namespace workbook::system
