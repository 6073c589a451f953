#pragma once
/// How learning platforms name what they let an instructor download.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/grading/intake/entry.h"
#include "common/grading/intake/intake.h"

namespace workbook::grading {

constexpr std::size_t kLongestName = 255;  ///< no file system here takes more, and the patterns take long for it

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
  /// Of that file within the attempt, the greatest is the latest: Canvas's -2, then its number of the upload.
  std::pair<int, std::int64_t> version;
  std::string time;    ///< as Zone::parse takes it; "" if unknown
  bool local = false;  ///< is that the time of a place that only the instructor knows?
  bool late = false;
  bool note = false;  ///< something the platform adds: not the student's work
};

/// Do platforms and systems put such an entry beside submissions?
bool is_page(const Entry& entry);

/// Reads a name as Canvas, Moodle, Blackboard, Brightspace or Gradescope write it, each that could have written it;
/// else as plain: a student's folder, archive or file. The platform writes first, the student's own name of the file
/// comes last. So only what stands in front tells whose it is, whatever comes after it.
std::vector<Piece> readings_of(const Entry& entry);

/// The first of these; a second one is its `doubt`.
Piece parse_piece(const Entry& entry);

/// What a student is called for whom `name` and `lms_id` are known.
std::string student_of(const Piece& piece);

/// `name` as letters, digits, underscore, dot and dash, at most 80. Names that differ stay different: what had to be
/// changed gets a mark made of all of it, unless `unique` says who it is anyway.
std::string sanitised(const std::string& name, const std::string& unique = "");

}  // namespace workbook::grading
