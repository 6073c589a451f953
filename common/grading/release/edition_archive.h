#pragma once
/// An edition as one file, the same bytes whoever makes it.

#include <cstdint>
#include <string>

#include "common/grading/release/edition_files.h"

namespace workbook::grading {

/// A zip of `files` in a folder called `name`, or in none if that is empty: sorted, of nobody, all of one time (seconds
/// since 1970, not before 1980).
std::string zip_of(const EditionFiles& files, const std::string& name, std::int64_t time);

/// SOURCE_DATE_EPOCH, or the date of the last commit in `root`, or the first day of 1980.
std::int64_t source_date(const fs::path& root);

}  // namespace workbook::grading
