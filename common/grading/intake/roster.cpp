#include "common/grading/intake/roster.h"

#include <algorithm>
#include <regex>
#include <set>

#include <fmt/format.h>

#include "common/grading/intake/archive_reader.h"
#include "common/grading/intake/collector.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

/// Why the piece is nobody's submission; "" if it is somebody's.
std::string nobodys(const Piece& piece, const AllowedFiles& allowed) {
  const std::string& name = piece.entry.name;
  if (is_page(piece.entry)) return "which platforms and systems add";
  if (name.starts_with('.')) return "which is hidden";
  if (!piece.doubt.empty())
    return fmt::format("whose name could be {}'s or {}'s and then tells of two students; rename it", piece.platform,
                       piece.doubt);
  const bool loose = piece.platform.empty() && piece.entry.kind == EntryKind::file;
  if (loose && !has_packed_name(name) && !Collector::names(allowed, name))
    return "which is no archive and no lesson's file";
  return "";
}

/// "ann (1).zip" beside "ann.zip" may be Ann's second download, or another Ann's: nobody but the instructor knows.
void say_what_look_like_copies(const std::vector<Piece>& pieces, std::vector<std::string>& remarks) {
  static const std::regex kCopy(R"(^(.+?)(?: ?\([0-9]{1,4}\)| - Copy(?: \([0-9]{1,4}\))?| copy(?: [0-9]{1,4})?)$)"),
      kCopyOf("^[Cc]opy of (.+)$");
  std::map<std::string, std::string> entries;
  for (const Piece& piece : pieces)
    if (piece.platform.empty()) entries.emplace(piece.name, piece.entry.name);
  for (const auto& [name, entry] : entries) {
    std::smatch part;
    if (name.size() > kLongestName) continue;
    if (!std::regex_match(name, part, kCopy) && !std::regex_match(name, part, kCopyOf)) continue;
    if (const auto original = entries.find(part[1]); original != entries.end())
      remarks.push_back(
          fmt::format("{} looks like another download or a copy of {}: each was taken for a student's; if both are one "
                      "student's, remove one of them",
                      system::quoted(entry), system::quoted(original->second)));
  }
}

/// "lab_2_14_ann.zip" and "lab_2_15_bob.zip" are two files of one student by Canvas's names, and of two by anybody
/// else's.
void say_what_looks_like_one_student(const std::vector<Piece>& pieces, std::vector<std::string>& remarks) {
  std::set<std::string> names, archives;
  for (const Piece& piece : pieces) {
    if (is_page(piece.entry)) continue;
    names.insert(piece.platform == "Canvas" ? piece.name : "");
    if (has_archive_name(piece.file)) archives.insert(piece.file);
  }
  if (names.size() != 1 || names.begin()->empty() || archives.size() < 2) return;
  remarks.push_back(fmt::format(
      "as Canvas names files, all are of one name, {}: those of one number were taken for one student's; if "
      "they are not, rename them",
      system::quoted(*names.begin())));
}

}  // namespace

std::string not_a_submission(const std::string& name, const std::string& why) {
  return fmt::format("not a submission: {}, {}", system::quoted(name), why);
}

Roster assign(const std::vector<Entry>& entries, const ExportMetadata& metadata, const AllowedFiles& allowed) {
  Roster roster;
  std::set<std::string> names;
  for (const Entry& entry : entries) names.insert(entry.name);
  std::vector<std::string> added;
  std::vector<Piece> pieces = parse_pieces(entries, metadata, roster.remarks);
  say_what_look_like_copies(pieces, roster.remarks);
  say_what_looks_like_one_student(pieces, roster.remarks);
  for (Piece& piece : pieces) {
    const Entry& entry = piece.entry;
    if (is_page(entry) && entry.name.starts_with("._") && names.contains(entry.name.substr(2))) {
      added.push_back(entry.name);
      continue;
    }
    if (const std::string why = nobodys(piece, allowed); !why.empty())
      roster.remarks.push_back(not_a_submission(entry.name, why));
    else
      roster.students[piece.student].push_back(std::move(piece));
  }
  if (!added.empty())
    roster.remarks.push_back(not_a_submission(
        added.front(), fmt::format("which macOS adds beside a file; files of this kind: {}", added.size())));
  std::erase_if(roster.students, [&](const auto& student) {
    const Piece& first = student.second.front();
    const auto same = [&](const Piece& piece) {
      return piece.platform == first.platform && piece.owner == first.owner;
    };
    if (std::ranges::all_of(student.second, same)) return false;
    for (const Piece& piece : student.second)
      roster.remarks.push_back(not_a_submission(
          piece.entry.name,
          fmt::format("for more than one person would be called {}; rename one of them", piece.student)));
    return true;
  });
  std::map<std::pair<std::string, std::string>, std::string> owners;
  for (const auto& [student, pieces] : roster.students) {
    const Piece& first = pieces.front();
    const auto [owner, fresh] = owners.try_emplace({first.platform, first.lms_id}, student);
    if (!fresh && !first.lms_id.empty())
      roster.remarks.push_back(fmt::format("expected a number for each student, found {} for {} and for {}",
                                           system::quoted(first.lms_id), owner->second, student));
  }
  return roster;
}

}  // namespace workbook::grading
