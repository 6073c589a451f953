#pragma once
/// How learning platforms name what they let an instructor download.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/grading/intake/intake.h"

namespace workbook::grading {

/// One file or folder beside the others, and whose it is.
struct Piece {
  fs::path path;
  std::string student;  ///< sanitised and unique to the person
  std::string name;     ///< as the platform has it
  std::string lms_id;
  std::string file;  ///< what the student called it; "" for a folder of the student's
  /// Pieces of one attempt belong together; the greatest is the latest.
  std::pair<std::int64_t, std::string> attempt;
  int version = 0;  ///< of that file within the attempt (Canvas: -2)
  std::optional<Time> time;
  bool late = false;
  bool canvas = false;  ///< named by Canvas
  bool plain = false;   ///< no platform named it
  bool note = false;    ///< something the platform adds: not the student's work
};

/// What Gradescope's submission_metadata.yml tells, by the folder's name.
struct ExportedSubmission {
  std::string name, id;
  std::optional<Time> time;
  int submitters = 0;
};
using ExportMetadata = std::map<std::string, ExportedSubmission>;
ExportMetadata parse_export_metadata(std::string_view yaml);

/// Canvas, Moodle, Blackboard, Gradescope, Brightspace, or plain: a student's folder or archive.
/// Nothing for what is nobody's: hidden files, the platform's index page.
std::optional<Piece> parse_piece(const fs::path& path, const ExportMetadata& metadata);

/// `name` as letters, digits, underscore, dot and dash, at most 80. Names that differ stay different: what had to be
/// changed gets a mark made of all of it, unless `unique` says who it is anyway.
std::string sanitised(const std::string& name, const std::string& unique = "");

}  // namespace workbook::grading
