#pragma once
/// What AddressSanitizer and UndefinedBehaviorSanitizer print, in one sentence.

#include <optional>
#include <string>
#include <string_view>

namespace workbook::cli {

struct Finding {
  std::string reason;  ///< "reads 4 bytes just past the end of a block of 24 bytes"
  int line = 0;        ///< in the judged file; 0 if none of its lines was on the stack
};

/// The first finding in `text`, with the innermost line of the file called `file_name`.
std::optional<Finding> sanitizer_finding(std::string_view text, const std::string& file_name);

}  // namespace workbook::cli
