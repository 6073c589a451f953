#pragma once
/// Whose is what in the folder of a class.

#include <map>
#include <string>
#include <vector>

#include "common/grading/intake/layouts.h"

namespace workbook::grading {

using Pieces = std::vector<Piece>;

struct Roster {
  std::map<std::string, Pieces> students;
  std::vector<std::string> remarks;  ///< one for each entry that is nobody's, and each number that is two's
};

/// Gives every entry to its student or makes a remark of it; only the pages that platforms add are passed over.
/// What could be two people's is nobody's.
Roster assign(const std::vector<Entry>& entries, const ExportMetadata& metadata, const AllowedFiles& allowed);

/// "not a submission: "NAME", WHY".
std::string not_a_submission(const std::string& name, const std::string& why);

}  // namespace workbook::grading
