#include "common/grading/intake/class_archive.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "common/grading/intake/archive_reader.h"
#include "common/grading/intake/collector.h"
#include "common/grading/intake/layouts.h"
#include "common/grading/intake/roster.h"
#include "common/system/errors.h"
#include "common/system/process.h"
#include "common/system/units.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

/// Writes one entry below `into`. @returns why it is left out; "" if it is not
std::string unpack(const ArchiveEntry& entry, ArchiveReader& archive, const fs::path& into, std::uint64_t most) {
  if (entry.encrypted) return "which is encrypted";
  if (entry.kind == EntryKind::link) return "which is a link";
  if (entry.kind == EntryKind::other) return "which is a device or the like";
  fs::path path = into;
  for (const std::string& part : safe_parts(entry.path)) path /= part;
  std::error_code error;
  fs::create_directories(entry.kind == EntryKind::folder ? path : path.parent_path(), error);
  if (error) return fmt::format("for which there is no place: {}", error.message());
  if (entry.kind == EntryKind::folder) return "";
  if (fs::exists(path, error)) return "which is there already: the first counts";
  const auto content = archive.content(most);  // first: of a damaged file nothing is left that could be graded
  std::ofstream out(path, std::ios::binary);
  if (!out) return "whose name this machine does not take";
  out << content.value_or("");
  if (!out.flush()) throw system::Error(fmt::format("cannot write {}", path.string()));
  return content ? "" : fmt::format("which is larger than {}", system::size_text(static_cast<double>(most)));
}

std::vector<Entry> entries_of(const fs::path& folder) {
  std::vector<Entry> entries;
  for (const auto& entry : fs::directory_iterator(folder))
    entries.push_back({entry.path().filename(), entry.is_directory() ? EntryKind::folder : EntryKind::file});
  return entries;
}

/// Does the folder hold what one student hands in, and nothing else?
bool is_hand_in(const fs::path& folder, const AllowedFiles& allowed) {
  return std::ranges::all_of(entries_of(folder), [&](const Entry& entry) {
    const bool ours = entry.name == "lessons" || entry.name == "manifest.json" || entry.name == "submission.zip";
    return ours || is_page(entry) || allowed.contains(entry.name) || Collector::names(allowed, entry.name);
  });
}

/// Goes into a folder that holds nothing but another folder, unless that one is a student's.
bool unwrap(fs::path& folder, const AllowedFiles& allowed, std::vector<std::string>& remarks) {
  std::vector<Entry> inside = entries_of(folder), beside;
  std::erase_if(inside, [&](const Entry& entry) {
    const bool aside = entry.name.starts_with('.') || is_page(entry);
    if (aside) beside.push_back(entry);
    return aside;
  });
  if (inside.size() != 1 || inside.front().kind != EntryKind::folder) return false;
  const fs::path inner = folder / inside.front().name;
  if (!parse_piece(inside.front(), {}).platform.empty() || is_hand_in(inner, allowed)) return false;
  std::ranges::sort(beside, {}, &Entry::name);
  std::ranges::move(assign(beside, {}, allowed).remarks, std::back_inserter(remarks));
  folder = inner;
  return true;
}

}  // namespace

fs::path unpack_class(system::FileDescriptor file, const std::string& name, const fs::path& into,
                      const AllowedFiles& allowed, IntakeLimits limits, std::vector<std::string>& remarks) {
  const std::uint64_t most = limits.archive_bytes;
  limits.archive_bytes = limits.unpacked_bytes = limits.class_bytes;
  limits.entries = limits.class_entries;
  limits.ratio = UINT64_MAX;  // one student's file that packs well must not stop the class
  ArchiveReader archive(std::move(file), limits);
  const fs::path inside = into / without_archive_ending(name);
  fs::create_directories(inside);
  for (int number = 1; const auto entry = archive.next(); ++number) {
    system::check_interrupted();
    std::string why;
    try {
      why = unpack(*entry, archive, inside, most);
    } catch (const BadEntry& bad) {
      why = bad.what();
    }
    const std::string shown = entry->path.empty() ? fmt::format("entry {}", number) : system::quoted(entry->path);
    if (!why.empty()) remarks.push_back(fmt::format("not unpacked: {}, {}", shown, why));
  }
  fs::path folder = into;
  // Into the archive, and into one folder that wraps all others in it.
  for (int level = 0; level < 2 && unwrap(folder, allowed, remarks); ++level) {
  }
  return folder;
}

}  // namespace workbook::grading
