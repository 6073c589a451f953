#pragma once
/// How near a student's prediction came to the answer.

#include <optional>
#include <string_view>

namespace workbook::cli::study {

enum class Mark {
  right,  ///< equal, but for the rounding of the answer
  near,   ///< every number is within 10 % of the answer's
  wrong,
};

/// Compares the numbers in two texts. "1280 MiB" is "1.25 GiB", "none" is 0, and a number without a unit has that of
/// the answer. Nothing if `answer` has no number, or if it does not show which number of `prediction` is meant.
std::optional<Mark> mark_of(std::string_view prediction, std::string_view answer);

/// "right", "near" or "wrong".
std::string_view name(Mark mark);

}  // namespace workbook::cli::study
