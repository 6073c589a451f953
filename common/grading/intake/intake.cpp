#include "common/grading/intake/intake.h"

#include <fcntl.h>

#include <algorithm>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "common/grading/intake/archive_reader.h"
#include "common/grading/intake/collector.h"
#include "common/grading/intake/layouts.h"
#include "common/system/errors.h"
#include "common/system/files.h"
#include "common/system/process.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

using Pieces = std::vector<Piece>;

EntryKind kind_of(const fs::directory_entry& entry) {
  if (entry.is_symlink()) return EntryKind::link;
  if (entry.is_directory()) return EntryKind::folder;
  return entry.is_regular_file() ? EntryKind::file : EntryKind::other;
}

/// A regular file's bytes, unless there are more than `most`.
std::optional<std::string> content_of(const fs::path& path, std::uint64_t most) {
  std::ifstream in(path, std::ios::binary);
  std::string content;
  std::vector<char> block(64 << 10);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    content.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (content.size() > most) return std::nullopt;
  }
  if (in.bad() || !in.eof()) throw Refused(fmt::format("cannot be read: {}", system::quoted(path.filename().string())));
  return content;
}

system::FileDescriptor open_file(const fs::path& path) {
  system::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw Refused(fmt::format("cannot be read: {}", system::quoted(path.filename().string())));
  return file;
}

void offer_folder(const fs::path& folder, const IntakeLimits& limits, Collector& collector) {
  std::uint64_t entries = 0;
  std::vector<fs::directory_entry> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {  // follows no link
    if (++entries > limits.entries)
      throw Refused(fmt::format("expected at most {} entries in a folder, found more", limits.entries));
    found.push_back(entry);
  }
  std::sort(found.begin(), found.end());
  for (const auto& entry : found) {
    system::check_interrupted();
    collector.offer({entry.path().lexically_relative(folder), kind_of(entry), std::nullopt, false},
                    [&](std::uint64_t most) { return content_of(entry.path(), most); });
  }
}

void offer_piece(const Piece& piece, const IntakeLimits& limits, Collector& collector) {
  const fs::directory_entry entry(piece.path);
  const EntryKind kind = kind_of(entry);
  if (kind == EntryKind::folder) return offer_folder(piece.path, limits, collector);
  if (kind == EntryKind::file && has_archive_name(piece.file)) {
    ArchiveReader archive(open_file(piece.path), limits);
    return collector.offer_all(archive);
  }
  collector.offer({piece.file, kind, std::nullopt, false},
                  [&](std::uint64_t most) { return content_of(piece.path, most); });
}

/// Only the latest attempt, and of each of its files the latest version; says what is left aside.
Pieces latest(const Pieces& pieces, Submission& submission) {
  std::map<std::string, const Piece*> chosen;
  const auto newest = std::max_element(pieces.begin(), pieces.end(),
                                       [](const Piece& a, const Piece& b) { return a.attempt < b.attempt; });
  for (const Piece& piece : pieces) {
    if (piece.attempt != newest->attempt) continue;
    const Piece*& best = chosen[piece.file];
    if (best == nullptr || best->version < piece.version) best = &piece;
  }
  Pieces result;
  for (const auto& [file, piece] : chosen) result.push_back(*piece);
  for (const Piece& piece : pieces)
    if (std::none_of(result.begin(), result.end(), [&](const Piece& kept) { return kept.path == piece.path; }))
      submission.problems.push_back(fmt::format("handed in more than once; the latest counts, not {}",
                                                system::quoted(piece.path.filename().string())));
  return result;
}

Submission take_student(const Pieces& all, const fs::path& into, const AllowedFiles& allowed,
                        const IntakeLimits& limits) {
  Submission submission{.student = all.front().student, .name = all.front().name, .lms_id = all.front().lms_id};
  submission.from_canvas = all.front().canvas;
  const fs::path folder = into / submission.student;
  fs::remove_all(folder);
  Pieces work;
  for (const Piece& piece : all)
    if (!piece.note) work.push_back(piece);
  try {
    if (work.empty()) throw Refused("expected files, found none");
    work = latest(work, submission);
    submission.submitted_at = work.front().time;
    submission.marked_late = std::any_of(work.begin(), work.end(), [](const Piece& piece) { return piece.late; });
    Collector collector(allowed, limits);
    for (const Piece& piece : work) try {
        offer_piece(piece, limits, collector);
      } catch (const fs::filesystem_error& error) {
        throw Refused(fmt::format("cannot be read: {}", error.code().message()));
      }
    collector.finish(folder, submission);
    if (submission.files.empty() && submission.refused_files.empty())
      throw Refused("expected a file that a lesson names, in a folder, zip or tar; found none");
  } catch (const Refused& why) {
    fs::remove_all(folder);
    submission.files.clear();
    submission.refused = why.what();
  } catch (const fs::filesystem_error& error) {
    throw system::Error(fmt::format("cannot take in {}: {}", submission.student, error.what()));
  }
  return submission;
}

/// Unpacks the archive of a whole class, which the platform packed: what does not look like it is left out.
void unpack_class(const fs::path& file, const fs::path& into, IntakeLimits limits) {
  const std::uint64_t most = limits.archive_bytes;
  limits.archive_bytes = limits.unpacked_bytes = limits.class_bytes;
  limits.entries = limits.class_entries;
  ArchiveReader archive(open_file(file), limits);
  while (const auto entry = archive.next()) {
    system::check_interrupted();
    const fs::path path = fs::path(entry->path).lexically_normal();
    if (entry->kind != EntryKind::file || path.empty() || path.is_absolute() || *path.begin() == "..") continue;
    std::error_code taken;  // a name that is a file's and a folder's, or is there twice: the first counts
    fs::create_directories((into / path).parent_path(), taken);
    if (taken || fs::exists(into / path)) continue;
    std::ofstream out(into / path, std::ios::binary);
    if (!out) continue;  // a name too long for this machine
    // Too large for a student's archive: whoever looks at it next says so.
    out << archive.content(most).value_or("");
    if (!out.flush()) throw system::Error(fmt::format("cannot write {}", (into / path).string()));
  }
}

/// The folder in which the students are: one that holds nothing but another folder is wrapping.
fs::path unwrapped(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  for (const auto& entry : fs::directory_iterator(folder))
    if (!entry.path().filename().string().starts_with('.') && entry.path().filename() != "__MACOSX")
      entries.push_back(entry);
  return entries.size() == 1 && entries.front().is_directory() && !entries.front().is_symlink() ? entries.front().path()
                                                                                                : folder;
}

/// Is it an archive by its name, of a kind that we read or of another?
bool is_packed(const std::string& entry) {
  static const std::set<std::string> kOthers{".rar", ".7z", ".gz", ".bz2", ".xz", ".zst", ".lz", ".zipx"};
  return has_archive_name(entry) || kOthers.contains(fs::path(entry).extension());
}

/// Is it the folder that an earlier run of `grade` wrote?
bool is_results(const fs::path& path) {
  return !fs::is_symlink(path) && fs::is_directory(path) && fs::is_regular_file(path / "cache/seed");
}

/// Why the piece is nobody's submission; "" if it is somebody's.
std::string nobodys(const Piece& piece, const AllowedFiles& allowed) {
  const std::string entry = piece.path.filename();
  if (is_results(piece.path)) return fmt::format("{}, which holds results of grading", system::quoted(entry));
  const bool loose = piece.plain && fs::is_regular_file(fs::symlink_status(piece.path));
  if (loose && !is_packed(entry) && !Collector::names(allowed, entry))
    return fmt::format("{}, which is no archive and no lesson's file", system::quoted(entry));
  return "";
}

std::map<std::string, Pieces> by_student(const fs::path& folder, const AllowedFiles& allowed,
                                         std::vector<std::string>& remarks) {
  const auto metadata = parse_export_metadata(system::read_file(folder / "submission_metadata.yml").value_or(""));
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::map<std::string, Pieces> students;
  for (const fs::path& path : paths) {
    const auto piece = parse_piece(path, metadata);
    if (!piece) continue;
    if (const std::string why = nobodys(*piece, allowed); !why.empty())
      remarks.push_back("not a submission: " + why);
    else
      students[piece->student].push_back(*piece);
  }
  return students;
}

}  // namespace

std::vector<Submission> take_in(const fs::path& submissions, const fs::path& into, const AllowedFiles& allowed,
                                const IntakeLimits& limits, std::vector<std::string>* remarks) try {
  fs::create_directories(into);
  fs::path folder = submissions;
  const fs::path unpacked = into / ".class";  // no student's name begins with a dot
  if (fs::is_regular_file(submissions)) {
    fs::remove_all(unpacked);
    unpack_class(submissions, unpacked, limits);
    folder = unwrapped(unpacked);
  } else if (!fs::is_directory(submissions)) {
    throw system::UsageError(
        fmt::format("expected a folder of submissions or an archive of one, found no {}", submissions.string()));
  }
  std::vector<Submission> taken;
  std::vector<std::string> unasked;
  for (const auto& [student, pieces] : by_student(folder, allowed, remarks != nullptr ? *remarks : unasked)) {
    system::check_interrupted();
    taken.push_back(take_student(pieces, into, allowed, limits));
  }
  fs::remove_all(unpacked);
  return taken;
} catch (const Refused& why) {
  throw system::Error(fmt::format("{}: {}", submissions.string(), why.what()));
} catch (const fs::filesystem_error& error) {
  throw system::Error(fmt::format("cannot take in {}: {}", submissions.string(), error.what()));
}

}  // namespace workbook::grading
