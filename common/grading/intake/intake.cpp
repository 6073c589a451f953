#include "common/grading/intake/intake.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include <fmt/format.h>

#include "common/grading/intake/archive_reader.h"
#include "common/grading/intake/class_archive.h"
#include "common/grading/intake/class_folder.h"
#include "common/grading/intake/collector.h"
#include "common/grading/intake/folder.h"
#include "common/grading/intake/roster.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

constexpr std::size_t kRemarksOfClass = 1000;

/// Nobody reads on for ever: says the first `most`, and how many more there are.
void shorten(std::vector<std::string>& remarks, std::size_t most) {
  if (remarks.size() <= most) return;
  const std::size_t more = remarks.size() - most;
  remarks.resize(most);
  remarks.push_back(fmt::format("and {} more remarks like these", more));
}

/// Offers all that lies below `folder`. The collector refuses what lies too deep before it is opened.
void offer_folder(const Folder& folder, const std::string& path, std::uint64_t& room, Collector& collector) {
  const std::vector<Entry> entries = folder.list(room);
  room -= entries.size();
  for (const Entry& entry : entries) {
    system::check_interrupted();
    const std::string inner = path.empty() ? entry.name : path + '/' + entry.name;
    collector.offer({inner, entry.kind, std::nullopt, false},
                    [&](std::uint64_t most) { return content_of(folder.open(entry.name, EntryKind::file), most); });
    if (entry.kind == EntryKind::folder)
      offer_folder(Folder(folder.open(entry.name, EntryKind::folder)), inner, room, collector);
  }
}

void offer_piece(const Folder& class_folder, const Piece& piece, const IntakeLimits& limits, Collector& collector) {
  const Entry& entry = piece.entry;
  if (entry.kind == EntryKind::folder) {
    std::uint64_t room = limits.entries;
    return offer_folder(Folder(class_folder.open(entry.name, EntryKind::folder)), "", room, collector);
  }
  if (entry.kind == EntryKind::file && has_packed_name(piece.file)) {
    ArchiveReader archive(class_folder.open(entry.name, EntryKind::file), limits);
    return collector.offer_all(archive);
  }
  collector.offer({piece.file, entry.kind, std::nullopt, false},
                  [&](std::uint64_t most) { return content_of(class_folder.open(entry.name, EntryKind::file), most); });
}

/// Only the latest attempt, the versions of a file in their order; says what counts in the place of the others.
Pieces latest(const Pieces& pieces, Submission& submission) {
  const auto newest = std::ranges::max_element(pieces, {}, &Piece::attempt);
  Pieces result;
  std::ranges::copy_if(pieces, std::back_inserter(result),
                       [&](const Piece& piece) { return piece.attempt == newest->attempt; });
  std::ranges::stable_sort(
      result, [](const Piece& a, const Piece& b) { return std::tie(a.file, a.version) < std::tie(b.file, b.version); });
  for (const Piece& piece : pieces) {
    if (piece.attempt == newest->attempt) continue;
    const auto same = std::ranges::find(result, piece.file, &Piece::file);
    submission.problems.push_back(fmt::format(
        "handed in more than once: {} is the latest and counts, not {}",
        system::quoted((same == result.end() ? result.front() : *same).entry.name), system::quoted(piece.entry.name)));
  }
  return result;
}

/// What the platform tells; its local times are those of the zone.
void read_time(const std::string& time, const system::Zone& zone, Submission& submission) try {
  if (!time.empty()) submission.submitted_at = zone.parse(time);
} catch (const system::Error& error) {
  submission.problems.push_back(fmt::format("when this was handed in is unknown: {}", error.what()));
}

/// What every student's pieces are taken in with.
struct Intake {
  const Folder& class_folder;
  const fs::path& into;
  const AllowedFiles& allowed;
  const IntakeLimits& limits;
  const std::map<std::string, std::string>& refused;  ///< by entry: why all of its student's are
  const system::Zone& zone;
};

/// Of several pieces, one that is refused costs the others nothing. If all are, the first will say why.
Pieces readable(const Pieces& pieces, const Intake& intake, Submission& submission) {
  if (pieces.size() == 1) return pieces;
  Pieces good;
  std::vector<std::string> left_out;
  for (const Piece& piece : pieces) try {
      Collector trial(intake.allowed, intake.limits);
      offer_piece(intake.class_folder, piece, intake.limits, trial);
      good.push_back(piece);
    } catch (const Refused& why) {
      left_out.push_back(fmt::format("left out: {}: {}", system::quoted(piece.entry.name), why.what()));
    }
  if (good.empty()) return pieces;
  std::ranges::move(left_out, std::back_inserter(submission.problems));
  return good;
}

Submission take_student(const Pieces& all, const Intake& intake) {
  Submission submission{.student = all.front().student, .name = all.front().name, .lms_id = all.front().lms_id};
  submission.platform = all.front().platform;
  for (const Piece& piece : all) submission.entries.push_back(piece.entry.name);
  const fs::path folder = intake.into / submission.student;
  fs::remove_all(folder);
  Pieces work;
  std::ranges::copy_if(all, std::back_inserter(work), [](const Piece& piece) { return !piece.note; });
  std::string at_hand = submission.entries.front();
  try {
    for (const std::string& entry : submission.entries) {
      at_hand = entry;
      if (const auto why = intake.refused.find(entry); why != intake.refused.end()) throw Refused(why->second);
    }
    if (work.empty()) throw Refused("expected files, found none");
    work = readable(latest(work, submission), intake, submission);
    read_time(work.front().time, intake.zone, submission);
    submission.marked_late = std::ranges::any_of(work, &Piece::late);
    Collector collector(intake.allowed, intake.limits);
    for (const Piece& piece : work) {
      at_hand = piece.entry.name;
      collector.open(at_hand, piece.file);
      offer_piece(intake.class_folder, piece, intake.limits, collector);
    }
    collector.finish(folder, submission);
    if (submission.files.empty() && submission.refused_files.empty())
      throw Refused("expected a file that a lesson names, in a folder, zip or tar; found " + collector.found_instead());
  } catch (const Refused& why) {
    fs::remove_all(folder);
    submission.files.clear();
    submission.refused = fmt::format("{}: {}", system::quoted(at_hand), why.what());
  }
  shorten(submission.problems, kRemarksOfStudent);
  return submission;
}

/// What Blackboard's note says; nothing if it cannot be read.
ExportedSubmission read_note(const Folder& folder, const Entry& entry, const IntakeLimits& limits) try {
  return parse_note(content_of(folder.open(entry.name, entry.kind), limits.file_bytes).value_or(""));
} catch (const Refused&) {
  return {};
}

Roster read_roster(const Folder& folder, const AllowedFiles& allowed, const IntakeLimits& limits) {
  std::vector<Entry> entries = folder.list(limits.class_entries);
  std::optional<std::string> exported;
  std::erase_if(entries, [&](const Entry& entry) {
    if (entry.name == "submission_metadata.yml" && entry.kind == EntryKind::file)
      exported = content_of(folder.open(entry.name, entry.kind), limits.archive_bytes);
    return entry.name == "submission_metadata.yml" && exported;
  });
  ExportMetadata metadata = parse_export_metadata(exported.value_or(""));
  for (const Entry& entry : entries)
    if (entry.kind == EntryKind::file && entry.name.ends_with(".txt") && parse_piece(entry).note)
      metadata[entry.name] = read_note(folder, entry, limits);
  return assign(entries, metadata, allowed);
}

/// What the instructor names: links to it are the instructor's own.
system::FileDescriptor open_class(const fs::path& path) {
  system::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() >= 0) return file;
  if (errno == ENOENT)
    throw system::UsageError(
        fmt::format("expected a folder of submissions or an archive of one, found no {}", path.string()));
  throw Refused(fmt::format("cannot be read: {}", std::strerror(errno)));
}

/// The folder that holds the entries of the class. @param refused is filled in by entry: why all of its student's are
system::FileDescriptor open_entries(const fs::path& submissions, const fs::path& unpacked, const AllowedFiles& allowed,
                                    const IntakeLimits& limits, std::map<std::string, std::string>& refused,
                                    std::vector<std::string>& said) {
  system::FileDescriptor found = open_class(submissions);
  switch (kind_of(found)) {
    case EntryKind::folder:
      return open_class(inside_of_wrappers(fs::canonical(submissions), "", allowed, said));
    case EntryKind::file: {
      UnpackedClass archive = unpack_class(std::move(found), submissions.filename(), unpacked, allowed, limits, said);
      refused = std::move(archive.refused);
      return open_class(archive.folder);
    }
    default:
      throw system::UsageError(
          fmt::format("expected a folder of submissions or an archive of one, found {}", submissions.string()));
  }
}

}  // namespace

std::vector<Submission> take_in(const fs::path& submissions, const fs::path& into, const AllowedFiles& allowed,
                                const IntakeLimits& limits, std::vector<std::string>* remarks,
                                const std::optional<system::Zone>& zone) try {
  fs::create_directories(into);
  fs::permissions(into, fs::perms::owner_all);
  std::vector<std::string> said;
  const fs::path unpacked = into / ".class";  // no student's name begins with a dot
  fs::remove_all(unpacked);
  std::map<std::string, std::string> refused;
  const Folder folder(open_entries(submissions, unpacked, allowed, limits, refused, said));
  const Roster roster = read_roster(folder, allowed, limits);
  const system::Zone stated = zone.value_or(system::Zone("UTC"));
  const Intake intake{folder, into, allowed, limits, refused, stated};
  std::vector<Submission> taken;
  bool local = false;
  for (const auto& [student, pieces] : roster.students) {
    system::check_interrupted();
    taken.push_back(take_student(pieces, intake));
    local |= std::ranges::any_of(pieces, &Piece::local);
  }
  if (local && !zone)
    said.emplace_back(
        "the platform's names of files hold local times, which were taken for UTC: the policy's \"time_zone\" tells "
        "which zone they are of");
  fs::remove_all(unpacked);
  said.insert(said.end(), roster.remarks.begin(), roster.remarks.end());
  shorten(said, kRemarksOfClass);
  if (remarks != nullptr) remarks->insert(remarks->end(), said.begin(), said.end());
  return taken;
} catch (const Refused& why) {
  throw system::UsageError(fmt::format("{}: {}", submissions.string(), why.what()));
} catch (const fs::filesystem_error& error) {
  throw system::Error(fmt::format("cannot take in {}: {}", submissions.string(), error.what()));
}

}  // namespace workbook::grading
