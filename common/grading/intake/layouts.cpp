#include "common/grading/intake/layouts.h"

#include <ctime>
#include <iomanip>
#include <regex>
#include <set>
#include <sstream>

#include "common/grading/intake/archive_reader.h"
#include "common/grading/intake/composed_name.h"
#include "common/system/sha256.h"

namespace workbook::grading {

namespace {

using std::regex;
using std::smatch;
using system::sha256;

/// "2026-03-01 10:00:00" by the first format that fits; "" if none does.
std::string parse_time(const std::string& text, std::initializer_list<const char*> formats) {
  for (const char* format : formats) {
    std::tm fields{};
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    if (!(in >> std::get_time(&fields, format))) continue;
    if (!(in >> std::ws).eof()) continue;  // more than the format says
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out << std::put_time(&fields, "%Y-%m-%d %H:%M:%S");
    return out.str();
  }
  return "";
}

/// "submission-2.zip" is the third file of the name submission.zip that Canvas was given.
void split_version(Piece& piece) {
  static const regex kVersion(R"(^(.+)-([0-9]{1,4})(\.[A-Za-z0-9.]+)$)");
  smatch part;
  if (!std::regex_match(piece.file, part, kVersion)) return;
  piece.version.first = std::stoi(part[2]);
  piece.file = part[1].str() + part[3].str();
}

/// Digits as a number; huge ones do not matter to anybody but their writer.
std::int64_t number(const std::string& digits) { return std::stoll("0" + digits.substr(0, 17)); }

/// Names are of letters, digits and underscores, in lower case, so that LATE is nobody's. The first number is the
/// student's, the second the upload's. Anonymous students have a mark instead, and typed text no second number.
bool canvas(const std::string& entry, Piece& piece) {
  static const regex kName(R"(^([^_]+|[^ -/:-@\[-^`{-~]+?)(_LATE)?_([0-9]+)_([0-9]+)_([\s\S]+)$)"),
      kAnonymous(R"(^(LATE_)?(anon_[0-9A-Za-z]+)_(?:([0-9]+)_([\s\S]+)|(?:text|link)\.html)$)"),
      kTyped(R"(^([^ -/:-@\[-^`{-~]+?)(_LATE)?_([0-9]+)_(text|link)\.html$)");
  smatch part;
  if (piece.entry.kind == EntryKind::folder) return false;
  if (std::regex_match(entry, part, kAnonymous)) {
    piece.late = part[1].matched;
    piece.name = part[2];
    piece.note = !part[3].matched;
    piece.version.second = number(part[3]);
    piece.file = part[4];
  } else if (std::regex_match(entry, part, kTyped)) {
    piece.name = part[1];
    piece.late = part[2].matched;
    piece.lms_id = part[3];
    piece.note = true;
  } else if (std::regex_match(entry, part, kName)) {
    piece.name = part[1];
    piece.late = part[2].matched;
    piece.lms_id = part[3];
    piece.version.second = number(part[4]);
    piece.file = part[5];
  } else {
    return false;
  }
  split_version(piece);
  return true;
}

/// Moodle makes spaces of the underscores in a name.
bool moodle(const std::string& entry, Piece& piece) {
  static const regex kName(R"(^([^_]+)_([0-9]+)_assignsubmission_(file|onlinetext)_?([\s\S]*)$)");
  smatch part;
  if (!std::regex_match(entry, part, kName)) return false;
  piece.name = part[1];
  piece.lms_id = part[2];
  piece.note = part[3] == "onlinetext";
  piece.file = part[4];
  return true;
}

/// The assignment's title, the student's login, the attempt. The first attempt in the name is the platform's word.
/// Titles and logins may hold underscores: where the login begins, only the names together tell.
bool blackboard(const std::string& entry, Piece& piece) {
  static const regex kAttempt(R"(_attempt_([0-9]{4}(?:-[0-9]{2}){5})(?=_[\s\S]|\.txt$))"), kOwner(R"(^[\s\S]+_[^_]+$)");
  smatch attempt;
  if (piece.entry.kind == EntryKind::folder || !std::regex_search(entry, attempt, kAttempt)) return false;
  piece.name = piece.owner = attempt.prefix();
  if (!std::regex_match(piece.owner, kOwner)) return false;
  const std::string rest = attempt.suffix();
  piece.time = parse_time(attempt[1], {"%Y-%m-%d-%H-%M-%S"});
  piece.local = !piece.time.empty();
  piece.attempt = {0, piece.time};
  piece.note = rest == ".txt";
  if (!piece.note) piece.file = rest.substr(1);
  return true;
}

/// The first part with a year in it is the platform's date.
bool brightspace(const std::string& entry, Piece& piece) {
  static const regex kName(
      R"(^([0-9]+)-([0-9]+) ?- ?((?:(?![0-9]{4})[\s\S])+?) ?- ?([^-]*[0-9]{4}[^-]*?)(?: - ([\s\S]+))?$)");
  smatch part;
  if (!std::regex_match(entry, part, kName)) return false;
  const std::string unpacked = without_archive_ending(entry);
  const bool is_file = piece.entry.kind == EntryKind::file;
  const bool packed = is_file && !part[5].matched && std::regex_match(unpacked, part, kName);
  piece.lms_id = part[1];
  piece.name = part[3];
  // "Jan 31, 2026 1230 PM", "31 January, 2026 1230": the parser wants something between hours and minutes.
  static const regex kClock(R"(([0-9]{4}) +([0-9]{1,2}):?([0-9]{2})(?: ?([AP]M))?$)");
  const std::string when = std::regex_replace(part[4].str(), kClock, "$1 $2:$3 $4");
  piece.time = parse_time(when, {"%b %d, %Y %I:%M %p", "%d %B, %Y %I:%M %p", "%b %d, %Y %H:%M", "%d %B, %Y %H:%M",
                                 "%b %d, %Y", "%d %B, %Y"});
  piece.local = !piece.time.empty();
  // Of a date in another language, the order of the files' own times is the best there is.
  piece.attempt = {piece.local ? 0 : piece.entry.modified, piece.time + ' ' + part[4].str()};
  piece.file = packed ? entry.substr(unpacked.size()) : part[5].str();
  return true;
}

bool gradescope(const std::string& entry, Piece& piece) {
  static const regex kName(R"(^submission_([0-9]+)$)");
  smatch part;
  if (piece.entry.kind != EntryKind::folder || !std::regex_match(entry, part, kName)) return false;
  piece.name = entry;
  piece.lms_id = part[1];
  piece.owner = entry;  // one of each student is exported, and students write their own names and numbers
  return true;
}

/// Is it a folder of a platform, which somebody has packed? Then nothing but the archive's ending follows its name.
bool is_packed_folder(const Piece& piece) {
  return piece.entry.kind == EntryKind::file && !has_archive_name(piece.file) && has_archive_name("x" + piece.file);
}

}  // namespace

std::string student_of(const Piece& piece) {
  return piece.name == piece.lms_id ? sanitised(piece.name) : sanitised(piece.name, piece.lms_id);
}

std::string sanitised(const std::string& name, const std::string& unique) {
  std::string clean;
  for (const char c : name.substr(0, 64)) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                       ((c == '-' || c == '.') && !clean.empty());
    clean += plain ? c : '_';
  }
  if (!unique.empty()) return clean + '_' + sanitised(unique);
  if (clean.empty()) clean = "_";
  return clean == name ? clean : clean + '-' + sha256(name).substr(0, 8);
}

bool is_page(const Entry& entry) {
  static const std::set<std::string> kPages{"index.html", "submission_metadata.yml", "Thumbs.db", "desktop.ini",
                                            ".DS_Store"};
  if (entry.kind == EntryKind::folder) return entry.name == "__MACOSX";
  return entry.kind == EntryKind::file && (entry.name.starts_with("._") || kPages.contains(entry.name));
}

std::vector<Piece> readings_of(const Entry& entry) {
  constexpr std::pair<const char*, bool (*)(const std::string&, Piece&)> kLayouts[]{{"Canvas", canvas},
                                                                                    {"Moodle", moodle},
                                                                                    {"Blackboard", blackboard},
                                                                                    {"Brightspace", brightspace},
                                                                                    {"Gradescope", gradescope}};
  const std::string written = composed(entry.name);
  std::vector<Piece> readings;
  for (const auto& [platform, reads] : kLayouts) {
    Piece piece;
    piece.entry = entry;
    if (!reads(written, piece)) continue;
    piece.platform = platform;
    if (is_packed_folder(piece)) piece.file = written;
    piece.student = student_of(piece);
    if (piece.owner.empty()) piece.owner = piece.name + '\n' + piece.lms_id;
    readings.push_back(std::move(piece));
  }
  if (!readings.empty()) return readings;
  const bool folder = entry.kind == EntryKind::folder;
  Piece piece;
  piece.entry = entry;
  piece.file = folder ? "" : written;
  piece.name = folder ? written : without_archive_ending(written);
  piece.owner = piece.name;
  piece.student = sanitised(piece.name);
  piece.attempt = {entry.modified, entry.name};
  return {piece};
}

Piece parse_piece(const Entry& entry) {
  const std::vector<Piece> readings = readings_of(entry);
  Piece piece = readings.front();
  if (readings.size() > 1) piece.doubt = readings[1].platform;
  return piece;
}

}  // namespace workbook::grading
