#pragma once
/// How learning platforms name what they let an instructor download.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/grading/intake/entry.h"
#include "common/grading/intake/intake.h"

namespace workbook::grading {

/// One file or folder beside the others, and whose it is.
struct Piece {
  Entry entry;
  std::string platform;  ///< that named it so; "" if none did
  std::string doubt;     ///< another platform that could have named it so: then nobody knows whose it is
  std::string student;   ///< sanitised and unique to the person
  std::string name;      ///< as the platform has it
  std::string lms_id;
  std::string owner;  ///< all that is told of the person: pieces of one student agree in it
  std::string file;   ///< what the student called it; "" for a folder of the student's
  /// Pieces of one attempt belong together; the greatest is the latest.
  std::pair<std::int64_t, std::string> attempt;
  int version = 0;  ///< of that file within the attempt (Canvas: -2)
  std::optional<Time> time;
  bool late = false;
  bool note = false;  ///< something the platform adds: not the student's work
};

/// What Gradescope's submission_metadata.yml tells, by the folder's name.
struct ExportedSubmission {
  std::string name, id;
  std::optional<Time> time;
  int submitters = 0;
};
using ExportMetadata = std::map<std::string, ExportedSubmission>;
ExportMetadata parse_export_metadata(std::string_view yaml);

/// Do platforms and systems put such an entry beside submissions?
bool is_page(const Entry& entry);

/// Reads a name as Canvas, Moodle, Blackboard, Gradescope or Brightspace write it, else as plain: a student's folder,
/// archive or file. The platform writes first, the student's own name of the file comes last. So only what stands in
/// front tells whose it is, whatever comes after it.
Piece parse_piece(const Entry& entry, const ExportMetadata& metadata);

/// `name` as letters, digits, underscore, dot and dash, at most 80. Names that differ stay different: what had to be
/// changed gets a mark made of all of it, unless `unique` says who it is anyway.
std::string sanitised(const std::string& name, const std::string& unique = "");

}  // namespace workbook::grading
