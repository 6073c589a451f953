#include "common/grading/intake/download.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <regex>
#include <set>

#include <fmt/format.h>

#include "common/system/text.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

using std::regex;
using std::smatch;

/// The platforms that could have named every entry that a platform has named.
std::set<std::string> platforms_of(const std::vector<std::vector<Piece>>& all) {
  std::optional<std::set<std::string>> common;
  for (const std::vector<Piece>& readings : all) {
    std::set<std::string> mine, both;
    for (const Piece& piece : readings) mine.insert(piece.platform);
    if (mine.contains("")) continue;
    if (common) std::ranges::set_intersection(*common, mine, std::inserter(both, both.end()));
    common = common ? both : mine;
  }
  return common.value_or(std::set<std::string>());
}

/// A download is of one platform. Where two could have named all of it, Blackboard's names are the more special ones.
Piece reading_of(const std::vector<Piece>& readings, const std::set<std::string>& platforms) {
  Piece piece = readings.front();
  if (readings.size() == 1) return piece;
  const std::string platform = platforms.size() == 1              ? *platforms.begin()
                               : platforms.contains("Blackboard") ? "Blackboard"
                                                                  : "";
  const auto certain = std::ranges::find(readings, platform, &Piece::platform);
  if (certain != readings.end()) return *certain;
  piece.doubt = readings[1].platform;
  return piece;
}

using Owners = std::map<std::string, std::vector<Piece*>>;

/// What stands before the logins that notes tell, if they agree.
std::string title_by_notes(const Owners& owners, const ExportMetadata& metadata) {
  std::set<std::string> titles;
  for (const auto& [owner, pieces] : owners)
    for (const Piece* piece : pieces) {
      const auto note = metadata.find(piece->entry.name);
      if (note == metadata.end() || note->second.submitters.empty()) continue;
      const auto& [name, login] = note->second.submitters.front();
      if (owner.ends_with('_' + login)) titles.insert(owner.substr(0, owner.size() - login.size()));
    }
  const auto fits = [&](const auto& of) {
    return of.first.starts_with(*titles.begin()) && of.first != *titles.begin();
  };
  return titles.size() == 1 && std::ranges::all_of(owners, fits) ? *titles.begin() : "";
}

/// What all names of a download begin with, up to an underscore.
std::string common_title(const Owners& owners) {
  const std::string &first = owners.begin()->first, &last = owners.rbegin()->first;  // so all agree as far as these
  const auto differ = std::ranges::mismatch(first, last);
  const std::size_t end = std::min<std::size_t>(differ.in1 - first.begin(), first.rfind('_') + 1);
  return first.substr(0, end == 0 ? 0 : first.rfind('_', end - 1) + 1);
}

/// Cuts Blackboard's title off, if it is certain that something is one.
void cut_titles(std::vector<Piece>& pieces, const ExportMetadata& metadata, std::vector<std::string>& remarks) {
  Owners owners;
  for (Piece& piece : pieces)
    if (piece.platform == "Blackboard" && piece.doubt.empty()) owners[piece.owner].push_back(&piece);
  if (owners.empty()) return;
  std::string title = title_by_notes(owners, metadata);
  if (title.empty()) {
    title = common_title(owners);
    const bool one_place = std::ranges::count(title, '_') == 1;
    if (title.empty() || (owners.size() == 1 && !one_place)) {
      remarks.emplace_back(
          "Blackboard's names do not tell where the title ends: title and login together were taken for the student's "
          "name");
      return;
    }
    if (!one_place)
      remarks.push_back(fmt::format(
          "Blackboard's names do not tell where the title ends: all begin with {}, and what follows was taken for the "
          "login",
          system::quoted(title)));
  }
  for (auto& [owner, theirs] : owners) {
    const std::string login = owner.substr(title.size());
    std::string name = login;
    for (const Piece* piece : theirs)
      if (const auto note = metadata.find(piece->entry.name); note != metadata.end())
        for (const auto& person : note->second.submitters)
          if (person.id == login) name = person.name;
    for (Piece* piece : theirs) {
      piece->name = name;
      piece->lms_id = login;
      piece->student = sanitised(login);
    }
  }
}

/// A piece for each whom the metadata names.
std::vector<Piece> members_of(const Piece& piece, const ExportMetadata& metadata) {
  const auto known = metadata.find(piece.entry.name);
  if (piece.platform != "Gradescope" || known == metadata.end()) return {piece};
  std::map<std::string, Piece> members;
  const std::vector<ExportedSubmission::Person> nobody(1);
  for (const auto& person : known->second.submitters.empty() ? nobody : known->second.submitters) {
    Piece member = piece;
    member.time = known->second.time;
    if (!person.name.empty()) member.name = person.name;
    if (!person.id.empty()) member.lms_id = person.id;
    member.student = student_of(member);
    members.emplace(member.student, member);
  }
  std::vector<Piece> result;
  for (auto& [student, member] : members) result.push_back(std::move(member));
  return result;
}

}  // namespace

/// The lines that Gradescope writes, where it writes them: a person's name may go over several lines and look like any.
ExportMetadata parse_export_metadata(std::string_view yaml) {
  static const regex kFolder(R"(^(submission_[0-9]+):$)"), kMember(R"(^  :([a-z_]+):(?: (.*))?$)"),
      kPerson(R"(^  (- |  ):(name|sid|email): *['"]?(.*?)['"]?$)"),
      kTime(R"(^([-0-9]+)[ T]([:0-9]+)(?:\.[0-9]*)? *(Z|[-+][0-9]{2}:[0-9]{2})?$)");
  ExportMetadata metadata;
  ExportedSubmission* current = nullptr;
  std::string member;
  for (const std::string& line : system::split_lines(yaml)) {
    smatch part, time;
    if (line.size() > 1000) continue;
    if (std::regex_match(line, part, kFolder)) {
      current = &metadata[part[1]];
      member.clear();
    } else if (std::regex_match(line, part, kMember)) {
      member = part[1];
      const std::string value = part[2];
      if (current != nullptr && member == "created_at" && std::regex_match(value, time, kTime))
        current->time = time[1].str() + ' ' + time[2].str() + (time[3].matched ? time[3].str() : "Z");
    } else if (current != nullptr && member == "submitters" && std::regex_match(line, part, kPerson)) {
      if (part[1] == "- ") current->submitters.emplace_back();
      if (current->submitters.empty()) continue;
      ExportedSubmission::Person& person = current->submitters.back();
      const std::string value = part[3];
      if (part[2] == "name")
        person.name = value;
      else if (!value.empty() && (part[2] == "sid" || person.id.empty()))
        person.id = value;
    }
  }
  return metadata;
}

ExportedSubmission parse_note(std::string_view text) {
  static const regex kName(R"(^Name: (.+) \(([^()]+)\)$)");
  const std::vector<std::string> lines = system::split_lines(text.substr(0, 1000));
  smatch part;
  if (lines.empty() || !std::regex_match(lines.front(), part, kName)) return {};
  return {{{part[1], part[2]}}, ""};
}

std::vector<Piece> parse_pieces(const std::vector<Entry>& entries, const ExportMetadata& metadata,
                                std::vector<std::string>& remarks) {
  std::vector<std::vector<Piece>> all;
  for (const Entry& entry : entries) all.push_back(readings_of(entry));
  const std::set<std::string> platforms = platforms_of(all);
  std::vector<Piece> pieces;
  for (const std::vector<Piece>& readings : all)
    std::ranges::move(members_of(reading_of(readings, platforms), metadata), std::back_inserter(pieces));
  cut_titles(pieces, metadata, remarks);
  return pieces;
}

}  // namespace workbook::grading
