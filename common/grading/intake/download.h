#pragma once
/// What the names of all that was downloaded tell together.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/grading/intake/layouts.h"

namespace workbook::grading {

/// What a platform tells of an entry in a file beside it.
struct ExportedSubmission {
  struct Person {
    std::string name, id;
  };
  std::vector<Person> submitters;  ///< several if a group handed it in
  std::string time;                ///< as in a piece, with its zone
};
using ExportMetadata = std::map<std::string, ExportedSubmission>;  ///< by the entry's name

/// Gradescope's submission_metadata.yml.
ExportMetadata parse_export_metadata(std::string_view yaml);

/// Blackboard's note on an attempt, an entry of its own: "Name: Jane Doe (jdoe)" is its first line.
ExportedSubmission parse_note(std::string_view text);

/// Reads the names of all entries of a class: which platform wrote them, where a title ends, who is of a group. What a
/// group handed in is a piece of each member. Says in `remarks` what had to be assumed.
std::vector<Piece> parse_pieces(const std::vector<Entry>& entries, const ExportMetadata& metadata,
                                std::vector<std::string>& remarks);

}  // namespace workbook::grading
