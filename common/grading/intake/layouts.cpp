#include "common/grading/intake/layouts.h"

#include <algorithm>
#include <ctime>
#include <functional>
#include <iomanip>
#include <regex>
#include <set>
#include <sstream>

#include "common/grading/intake/archive_reader.h"
#include "common/system/sha256.h"
#include "common/system/text.h"

namespace workbook::grading {

namespace {

using std::regex;
using std::smatch;
using system::sha256;

/// Platforms write the local time of whoever downloads; `utc` for the one that says UTC.
std::optional<Time> parse_time(const std::string& text, std::initializer_list<const char*> formats, bool utc = false) {
  for (const char* format : formats) {
    std::tm fields{};
    fields.tm_isdst = -1;
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    if (in >> std::get_time(&fields, format))
      return Time(std::chrono::seconds(utc ? ::timegm(&fields) : std::mktime(&fields)));
  }
  return std::nullopt;
}

/// "submission-2.zip" is the third file of the name submission.zip that Canvas was given.
void split_version(Piece& piece) {
  static const regex kVersion(R"(^(.+)-([0-9]{1,4})(\.[A-Za-z0-9.]+)$)");
  smatch part;
  if (!std::regex_match(piece.file, part, kVersion)) return;
  piece.version = std::stoi(part[2]);
  piece.file = part[1].str() + part[3].str();
}

/// Digits as a number; huge ones do not matter to anybody but their writer.
std::int64_t number(const std::string& digits) { return std::stoll("0" + digits.substr(0, 17)); }

bool canvas(const std::string& entry, Piece& piece) {
  static const regex kName(R"(^([^_]+)(_LATE)?_([0-9]+)_([0-9]+)_([\s\S]+)$)");
  smatch part;
  if (piece.entry.kind == EntryKind::folder || !std::regex_match(entry, part, kName)) return false;
  piece.name = part[1];
  piece.late = part[2].matched;
  piece.lms_id = part[3];
  piece.attempt = {number(part[4]), ""};
  piece.file = part[5];
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
bool blackboard(const std::string& entry, Piece& piece) {
  static const regex kAttempt(R"(_attempt_([0-9]{4}(?:-[0-9]{2}){5})(?=_[\s\S]|\.txt$))"),
      kOwner(R"(^([\s\S]+)_([^_]+)$)");
  smatch attempt, part;
  if (piece.entry.kind == EntryKind::folder || !std::regex_search(entry, attempt, kAttempt)) return false;
  const std::string owner = attempt.prefix(), rest = attempt.suffix();
  if (!std::regex_match(owner, part, kOwner)) return false;
  piece.name = part[2];
  piece.lms_id = part[2];
  piece.owner = owner;  // logins may hold underscores, and titles do: let nobody be taken for a namesake
  piece.time = parse_time(attempt[1], {"%Y-%m-%d-%H-%M-%S"});
  piece.attempt = {piece.time ? piece.time->time_since_epoch().count() : 0, ""};
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
  piece.lms_id = part[1];
  piece.name = part[3];
  // "Jan 31, 2026 1230 PM": the parser wants something between hours and minutes.
  const std::string when = std::regex_replace(part[4].str(), regex("([0-9]{1,2}):?([0-9]{2}) ?([AP]M)"), "$1:$2 $3");
  piece.time = parse_time(when, {"%b %d, %Y %I:%M %p", "%d %B, %Y %I:%M %p", "%b %d, %Y", "%d %B, %Y"});
  piece.attempt = {piece.time ? piece.time->time_since_epoch().count() : 0, part[4]};
  piece.file = part[5];
  return true;
}

bool gradescope(const std::string& entry, const ExportMetadata& metadata, Piece& piece) {
  static const regex kName(R"(^submission_([0-9]+)$)");
  smatch part;
  if (piece.entry.kind != EntryKind::folder || !std::regex_match(entry, part, kName)) return false;
  const auto known = metadata.find(entry);
  piece.name = known != metadata.end() && !known->second.name.empty() ? known->second.name : entry;
  piece.lms_id = known != metadata.end() && !known->second.id.empty() ? known->second.id : part[1].str();
  if (known != metadata.end()) piece.time = known->second.time;
  piece.owner = entry;  // one of each student is exported, and students write their own names and numbers
  return true;
}

}  // namespace

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

/// The lines that Gradescope writes, where it writes them: a person's name may go over several lines and look like any.
ExportMetadata parse_export_metadata(std::string_view yaml) {
  static const regex kFolder(R"(^(submission_[0-9]+):$)"), kMember(R"(^  :([a-z_]+):(?: (.*))?$)"),
      kPerson(R"(^  (?:- |  ):(name|sid|email): *['"]?(.*?)['"]?$)");
  ExportMetadata metadata;
  ExportedSubmission* current = nullptr;
  std::string member;
  for (const std::string& line : system::split_lines(yaml)) {
    smatch part;
    if (line.size() > 1000) continue;
    if (std::regex_match(line, part, kFolder)) {
      current = &metadata[part[1]];
      member.clear();
    } else if (std::regex_match(line, part, kMember)) {
      member = part[1];
      if (current != nullptr && member == "created_at")
        current->time = parse_time(part[2], {"%Y-%m-%d %H:%M:%S"}, true);
    } else if (current != nullptr && member == "submitters" && std::regex_match(line, part, kPerson)) {
      const std::string value = part[2];
      if (part[1] == "name" && ++current->submitters == 1) current->name = value;
      const bool first = current->submitters <= 1;
      if (first && !value.empty() && (part[1] == "sid" || (part[1] == "email" && current->id.empty())))
        current->id = value;
    }
  }
  return metadata;
}

bool is_page(const Entry& entry) {
  static const std::set<std::string> kPages{"index.html", "submission_metadata.yml", "Thumbs.db", "desktop.ini",
                                            ".DS_Store"};
  if (entry.kind == EntryKind::folder) return entry.name == "__MACOSX";
  return entry.kind == EntryKind::file && (entry.name.starts_with("._") || kPages.contains(entry.name));
}

Piece parse_piece(const Entry& entry, const ExportMetadata& metadata) {
  const auto gradescope_of = [&](const std::string& name, Piece& piece) { return gradescope(name, metadata, piece); };
  const std::pair<const char*, std::function<bool(const std::string&, Piece&)>> layouts[]{
      {"Canvas", canvas},
      {"Moodle", moodle},
      {"Blackboard", blackboard},
      {"Brightspace", brightspace},
      {"Gradescope", gradescope_of}};
  Piece piece;
  piece.entry = entry;
  for (const auto& [platform, reads] : layouts) {
    Piece reading;
    reading.entry = entry;
    if (!reads(entry.name, reading)) continue;
    if (!piece.platform.empty()) {
      piece.doubt = platform;
      return piece;
    }
    piece = reading;
    piece.platform = platform;
    piece.student = piece.name == piece.lms_id ? sanitised(piece.name) : sanitised(piece.name, piece.lms_id);
    if (piece.owner.empty()) piece.owner = piece.name + '\n' + piece.lms_id;
  }
  if (!piece.platform.empty()) return piece;
  const bool folder = entry.kind == EntryKind::folder;
  piece.file = folder ? "" : entry.name;
  piece.name = folder ? entry.name : without_archive_ending(entry.name);
  piece.owner = piece.name;
  piece.student = sanitised(piece.name);
  piece.attempt = {entry.modified, entry.name};
  return piece;
}

}  // namespace workbook::grading
