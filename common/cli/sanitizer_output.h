#pragma once
/// What AddressSanitizer and UndefinedBehaviorSanitizer print, in one sentence.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace workbook::cli {

struct Finding {
  std::string reason;  ///< "reads 4 bytes just past the end of a block of 24 bytes"
  std::string file;    ///< the judged file on whose line it happened
  int line = 0;        ///< 0 if no line of a judged file was on the stack
};

/// The first finding in `text`, with the innermost line of a file that has one of these names.
std::optional<Finding> sanitizer_finding(std::string_view text, const std::vector<std::string>& file_names);

}  // namespace workbook::cli
