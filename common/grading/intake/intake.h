#pragma once
/// Takes in what a class handed in: folders, zips and tars, plain or as a learning platform packs them.
///
/// Everything here reads hostile bytes. Nothing is ever unpacked to where its name says: files that lessons name are
/// read into memory, up to a limit, and written under a name of ours. What is wrong with one submission is told of that
/// submission and disturbs no other.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/system/zone.h"

namespace workbook::grading {

namespace fs = std::filesystem;
using system::Time;

/// By lesson id, the files that its lesson.json names; the first is the one that is compiled.
using AllowedFiles = std::map<std::string, std::vector<std::string>>;

struct IntakeLimits {
  std::uint64_t file_bytes = 1 << 20;        ///< of a source or a manifest
  std::uint64_t archive_bytes = 64 << 20;    ///< of a student's archive as it was handed in
  std::uint64_t unpacked_bytes = 256 << 20;  ///< of all that has to be unpacked to read it
  std::uint64_t ratio = 100;                 ///< unpacked to packed, once more than a few MiB are unpacked
  std::uint64_t entries = 20'000;            ///< in an archive or a folder
  int nesting = 2;                           ///< archives in one another
  /// Of a class's archive as it is, and of what has to be unpacked only to get past it.
  std::uint64_t passed_bytes = 256ULL << 30;
  std::uint64_t class_bytes = 16ULL << 30;  ///< of what is unpacked of the one archive that holds a whole class
  std::uint64_t class_entries = 1'000'000;  ///< in it
  std::uint64_t class_share = 1ULL << 30;   ///< of it, one student's; as many entries as in an archive
};

/// So many remarks of one student are written, and then the number of others.
constexpr std::size_t kRemarksOfStudent = 20;

/// What one student handed in.
struct Submission {
  std::string student;               ///< unique; letters, digits, `_ . -`: safe as a file name and in a spreadsheet
  std::string name;                  ///< as the platform wrote it; any bytes, so escape it
  std::string lms_id;                ///< the student's number or login on the platform; "" if it gives none
  std::vector<std::string> entries;  ///< what all of it is called in the class's folder; any bytes

  std::map<std::string, fs::path> files;             ///< by lesson id: the copy to compile; others lie beside it
  std::map<std::string, std::string> refused_files;  ///< by lesson id: why its file was not taken
  std::vector<std::string> problems;                 ///< remarks; none of them costs anything by itself
  std::string refused;                               ///< why the whole submission is refused, else ""

  std::string sha256;                ///< of the files taken, whatever they were packed in
  std::optional<Time> submitted_at;  ///< as the platform tells; never the student's claim
  std::optional<Time> claimed_at;    ///< as the manifest tells of the last edit: the student's own clock
  bool marked_late = false;          ///< by the platform (Canvas)
  std::string platform;              ///< that named the entries: "Canvas", "Moodle", ...; "" if none did
};

/// Takes in a class: `submissions` is a folder with one entry or more per student, or one archive of those.
/// The files go to `into`/<student>/<lesson id>/<file>; each student's folder there is made anew.
/// @param remarks if given, gets what is said of the class: whatever is nobody's submission, and why
/// @param zone of the local times that some platforms write; without it they count as UTC, and a remark says so
/// @returns one per student, by id. @throws system::Error if `submissions` cannot be read or `into` not be written.
std::vector<Submission> take_in(const fs::path& submissions, const fs::path& into, const AllowedFiles& allowed,
                                const IntakeLimits& limits = {}, std::vector<std::string>* remarks = nullptr,
                                const std::optional<system::Zone>& zone = {});

}  // namespace workbook::grading
