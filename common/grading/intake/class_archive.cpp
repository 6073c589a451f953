#include "common/grading/intake/class_archive.h"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include <fmt/format.h>

#include "common/grading/intake/archive_path.h"
#include "common/grading/intake/archive_reader.h"
#include "common/grading/intake/class_folder.h"
#include "common/grading/intake/class_shares.h"
#include "common/grading/intake/collector.h"
#include "common/grading/intake/layouts.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/units.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

/// Why its header says that the entry is left out; "" if it does not.
std::string reason_to_leave(const ArchiveEntry& entry) {
  if (entry.encrypted) return "which is encrypted";
  if (entry.kind == EntryKind::link) return "which is a link";
  return entry.kind == EntryKind::other ? "which is a device or the like" : "";
}

/// Writes one entry to `path`. @returns why it is left out; "" if it is not
std::string unpack(const ArchiveEntry& entry, ArchiveReader& archive, const fs::path& path, std::uint64_t most) {
  if (std::string why = reason_to_leave(entry); !why.empty()) return why;
  std::error_code error;
  fs::create_directories(entry.kind == EntryKind::folder ? path : path.parent_path(), error);
  if (error) return fmt::format("for which there is no place: {}", error.message());
  if (entry.kind == EntryKind::folder) return "";
  if (fs::exists(path, error)) return "which is there already: the first counts";
  std::optional<std::string> content;
  const std::uint64_t room = std::min(entry.size.value_or(most), most);
  if (entry.size.value_or(0) > most)
    archive.leave_content();
  else
    content = archive.content(room);  // first: of a damaged file nothing is left to be graded
  std::ofstream out(path, std::ios::binary);
  if (!out) return "whose name this machine does not take";
  out << content.value_or("");
  if (!out.flush()) throw system::Error(fmt::format("cannot write {}", path.string()));
  return content ? "" : fmt::format("which is larger than {}", system::size_text(static_cast<double>(room)));
}

/// Goes into the folder that holds all of the archive, unless it is what one student has handed in.
fs::path inside_of_archive(const fs::path& inside, const fs::path& around, const AllowedFiles& allowed) {
  const bool named = !parse_piece({inside.filename(), EntryKind::folder}).platform.empty();
  const Sorted entries = sorted_entries(inside);
  const bool nothing_seen = entries.seen.empty() && !entries.aside.empty();
  const bool hand_in = std::ranges::all_of(entries.seen, [&](const Entry& e) { return is_of_hand_in(e, allowed); });
  return named || (hand_in && !nothing_seen) ? around : inside;
}

/// The folders in one another, two at most, that hold all of the archive that counts.
std::vector<std::string> find_wrappers(const system::FileDescriptor& file, const IntakeLimits& limits) {
  constexpr std::size_t kMost = 2;
  ArchiveReader archive(system::FileDescriptor(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0)), limits);
  std::vector<std::string> wrappers;  // as far as all agree so far, and `most` of them at most
  std::size_t most = kMost;
  while (const auto entry = archive.next()) {
    archive.leave();
    if (!reason_to_leave(*entry).empty()) continue;
    try {
      const std::vector<std::string> parts = safe_parts(entry->path);
      for (std::size_t depth = 0; depth < std::min(most, parts.size()); ++depth) {
        const Entry part{parts[depth], parts.size() > depth + 1 ? EntryKind::folder : entry->kind};
        if (is_aside(part)) break;
        if (part.kind == EntryKind::folder && wrappers.size() == depth) wrappers.push_back(part.name);
        if (part.kind == EntryKind::folder && wrappers[depth] == part.name) continue;
        most = depth;
        wrappers.resize(depth);
      }
    } catch (const BadEntry&) {  // is told of when it is not unpacked
    }
  }
  return wrappers;
}

/// Gives what was unpacked the times that the archive tells, folders that of the newest in them: of several entries of
/// one student, the newest counts.
class Times {
 public:
  explicit Times(fs::path folder) : folder_(std::move(folder)) {}

  void note(fs::path path, std::optional<std::int64_t> modified) {
    constexpr std::int64_t kMost = 4'000'000'000;  // beyond it, file systems and nanoseconds end
    const std::int64_t seconds = std::clamp<std::int64_t>(modified.value_or(0), 0, kMost);
    for (; path != folder_; path = path.parent_path()) {
      const auto [newest, fresh] = newest_.try_emplace(path, seconds);
      if (!fresh && newest->second >= seconds) return;
      newest->second = seconds;
    }
  }

  void apply() const {
    std::error_code ignored;  // an entry may be gone with its student's share
    for (const auto& [path, seconds] : newest_)
      fs::last_write_time(
          path, fs::file_time_type::clock::from_sys(std::chrono::sys_seconds(std::chrono::seconds(seconds))), ignored);
  }

 private:
  fs::path folder_;
  std::map<fs::path, std::int64_t> newest_;
};

/// Unpacks what is within its student's share.
void unpack_shares(ArchiveReader& archive, Shares& shares, const fs::path& into, std::uint64_t most,
                   std::vector<std::string>& remarks) {
  Times times(into);
  for (int number = 1; const auto entry = archive.next(); ++number) {
    system::check_interrupted();
    Share* share = nullptr;
    std::string why;
    try {
      const std::vector<std::string> parts = safe_parts(entry->path);
      const std::uint64_t size = entry->kind == EntryKind::file ? entry->size.value_or(most) : 0;
      share = shares.count(parts, entry->kind, size > most ? 0 : size);
      if (share != nullptr && share->exceeded) {
        archive.leave();
        continue;
      }
      fs::path path = into;
      for (const std::string& part : parts) path /= part;
      why = unpack(*entry, archive, path, most);
      if (why.empty() && entry->kind == EntryKind::file) times.note(path, entry->modified);
    } catch (const BadEntry& bad) {
      why = bad.what();
    }
    if (why.empty() || (share != nullptr && ++share->left_out > kRemarksOfStudent)) continue;
    const std::string shown = entry->path.empty() ? fmt::format("entry {}", number) : system::quoted(entry->path);
    remarks.push_back(fmt::format("not unpacked: {}, {}", shown, why));
  }
  times.apply();
}

}  // namespace

UnpackedClass unpack_class(system::FileDescriptor file, const std::string& name, const fs::path& into,
                           const AllowedFiles& allowed, const IntakeLimits& limits, std::vector<std::string>& remarks) {
  IntakeLimits total = limits;
  total.archive_bytes = limits.passed_bytes;
  total.unpacked_bytes = limits.class_bytes;
  total.entries = limits.class_entries;
  total.ratio = UINT64_MAX;  // one student's file that packs well must not stop the class
  const fs::path inside = into / without_archive_ending(name);
  fs::create_directories(inside);
  Shares shares(inside, find_wrappers(file, total), limits);
  ArchiveReader archive(std::move(file), total);
  unpack_shares(archive, shares, inside, limits.archive_bytes, remarks);
  if (fs::is_empty(inside))
    throw Refused(fmt::format("expected submissions in the archive, found nobody's{}",
                              remarks.empty() ? "" : "; " + remarks.front()));
  std::ranges::move(shares.remarks(), std::back_inserter(remarks));
  const fs::path folder = inside_of_archive(inside, into, allowed);
  if (folder == into) return {into, shares.refused()};
  const fs::path entries = inside_of_wrappers(folder, without_archive_ending(name), allowed, remarks);
  if (entries == folder && sorted_entries(folder).seen.size() > 1 && !holds_submissions(folder, allowed))
    remarks.push_back(fmt::format(
        "each entry of {} was taken for a student's, but no more than half hold a lesson's file: if it is the work of "
        "one student, put it into a folder and grade that folder",
        system::quoted(name)));
  return {entries, shares.refused()};
}

}  // namespace workbook::grading
