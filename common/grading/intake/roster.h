#pragma once
/// Whose is what in the folder of a class.

#include <map>
#include <string>
#include <vector>

#include "common/grading/intake/download.h"

namespace workbook::grading {

using Pieces = std::vector<Piece>;

struct Roster {
  std::map<std::string, Pieces> students;
  /// One for each entry that is nobody's, but for what macOS adds beside others: they have one together. One for each
  /// number that two students have, for each name that looks like a copy of another, and for what was assumed.
  std::vector<std::string> remarks;
};

/// Gives every entry to its student or makes a remark of it. What could be two people's is nobody's.
Roster assign(const std::vector<Entry>& entries, const ExportMetadata& metadata, const AllowedFiles& allowed);

/// "not a submission: "NAME", WHY".
std::string not_a_submission(const std::string& name, const std::string& why);

}  // namespace workbook::grading
