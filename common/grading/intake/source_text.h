#pragma once
/// The encodings that editors save sources in.

#include <string>

namespace workbook::grading {

struct SourceText {
  std::string text;
  std::string remark;  ///< what to say of it after the file's name; "" if nothing
};

/// A source as UTF-8 without a byte order mark, if its first bytes say that it is in another Unicode encoding. Anything
/// else stays as it is: of Latin-1 and the like, compilers read all that matters.
SourceText as_utf8(std::string bytes);

}  // namespace workbook::grading
