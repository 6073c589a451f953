#pragma once
/// What the HTML pages have in common: one style for light and dark, phones and paper; no scripts, nothing loaded.

#include <string>
#include <string_view>

#include "common/grading/gradebook/gradebook.h"

namespace workbook::grading {

/// A whole document. `title` is escaped, `body` is markup.
std::string page(std::string_view title, std::string_view body);

/// "12.5 of 20 points" with a bar below it.
std::string score_bar(Hundredths score, Hundredths max);

/// The name that people know a student by.
std::string called(const Submission& submission);

}  // namespace workbook::grading
