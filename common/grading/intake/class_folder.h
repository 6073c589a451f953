#pragma once
/// Which folder holds the submissions of a class: the one that was named, or one in it.

#include <filesystem>
#include <string>
#include <vector>

#include "common/grading/intake/entry.h"
#include "common/grading/intake/intake.h"

namespace workbook::grading {

/// What a folder holds, and what of it is hidden or added by systems; by name.
struct Sorted {
  std::vector<Entry> seen, aside;
};
Sorted sorted_entries(const fs::path& folder);

/// Is it hidden, or added by systems?
bool is_aside(const Entry& entry);

/// Is it named like what one student hands in, or what systems add to it?
bool is_of_hand_in(const Entry& entry, const AllowedFiles& allowed);

/// Do most of its entries look like what students of a class have?
bool holds_submissions(const fs::path& folder, const AllowedFiles& allowed);

/// Goes into a lone folder, and a lone one in it, as long as most of what it holds are submissions: then it wraps those
/// of a class. Else it is a student's, whose own folders must not become students. What a guess is, is told.
/// @param archive its name without the ending, if `folder` was one: then a folder may wrap a class of one student
fs::path inside_of_wrappers(fs::path folder, const std::string& archive, const AllowedFiles& allowed,
                            std::vector<std::string>& remarks);

}  // namespace workbook::grading
