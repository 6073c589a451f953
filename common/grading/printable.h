#pragma once
/// Text that came from outside, made fit for any reader.

#include <string>
#include <string_view>

namespace workbook::grading {

/// `text` as valid UTF-8 without control characters but tabs and ends of lines, at most `most` bytes of it: '?' stands
/// for each byte that is neither, and the end says if something was cut.
std::string printable(std::string_view text, std::size_t most);

}  // namespace workbook::grading
