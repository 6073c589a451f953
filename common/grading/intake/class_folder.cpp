#include "common/grading/intake/class_folder.h"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "common/grading/intake/archive_reader.h"
#include "common/grading/intake/collector.h"
#include "common/grading/intake/layouts.h"
#include "common/grading/intake/roster.h"
#include "common/system/text.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

/// The lessons' files that it is or holds, however deep, in lower case; every archive is "archive". What cannot be
/// looked into holds nothing.
std::set<std::string> work_in(const fs::path& folder, const Entry& entry, const AllowedFiles& allowed) {
  std::set<std::string> work;
  const auto add = [&](const std::string& name) {
    if (has_archive_name(name)) work.insert("archive");
    if (Collector::names(allowed, name)) work.insert(system::lower(name));
  };
  add(entry.name);
  if (entry.kind != EntryKind::folder) return work;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator inside(folder / entry.name, options, error), end; !error && inside != end;
       inside.increment(error))
    add(inside->path().filename());
  return work;
}

/// What the entries of a folder look like.
struct Look {
  bool most = false;     ///< of them are what a student of a class has, more than a part of one hand-in
  bool named = false;    ///< by a platform, at least one
  bool repeats = false;  ///< the same lesson's file, or archives, in two of them: what one student does not have
};

Look look_at(const fs::path& folder, const std::vector<Entry>& entries, const AllowedFiles& allowed) {
  Look look;
  std::size_t submissions = 0;
  std::set<std::string> all;
  for (const Entry& entry : entries) {
    const bool named = !parse_piece(entry).platform.empty();
    const std::set<std::string> work = work_in(folder, entry, allowed);
    for (const std::string& file : work) look.repeats |= !all.insert(file).second;
    look.named |= named;
    submissions += named || (!is_of_hand_in(entry, allowed) && !work.empty()) ? 1 : 0;
  }
  look.most = 2 * submissions > entries.size();
  return look;
}

}  // namespace

bool is_aside(const Entry& entry) { return entry.name.starts_with('.') || is_page(entry); }

bool is_of_hand_in(const Entry& entry, const AllowedFiles& allowed) {
  const bool ours = entry.name == "lessons" || entry.name == "manifest.json" || entry.name == "submission.zip";
  return ours || is_page(entry) || allowed.contains(entry.name) || Collector::names(allowed, entry.name);
}

Sorted sorted_entries(const fs::path& folder) {
  Sorted sorted;
  std::error_code error;
  for (fs::directory_iterator found(folder, error), end; !error && found != end; found.increment(error)) {
    std::error_code ignored;
    const bool is_folder = found->symlink_status(ignored).type() == fs::file_type::directory;
    Entry entry{found->path().filename(), is_folder ? EntryKind::folder : EntryKind::file};
    (is_aside(entry) ? sorted.aside : sorted.seen).push_back(std::move(entry));
  }
  std::ranges::sort(sorted.seen, {}, &Entry::name);
  std::ranges::sort(sorted.aside, {}, &Entry::name);
  return sorted;
}

bool holds_submissions(const fs::path& folder, const AllowedFiles& allowed) {
  return look_at(folder, sorted_entries(folder).seen, allowed).most;
}

fs::path inside_of_wrappers(fs::path folder, const std::string& archive, const AllowedFiles& allowed,
                            std::vector<std::string>& remarks) {
  std::string guessed;
  for (bool packed = !archive.empty();; packed = false) {
    const Sorted outer = sorted_entries(folder);
    if (outer.seen.size() != 1 || outer.seen.front().kind != EntryKind::folder) break;
    const Entry& lone = outer.seen.front();
    if (!parse_piece(lone).platform.empty()) break;
    const fs::path inner = folder / lone.name;
    const std::vector<Entry> entries = sorted_entries(inner).seen;
    if (std::ranges::all_of(entries, [&](const Entry& entry) { return is_of_hand_in(entry, allowed); })) break;
    const Look look = look_at(inner, entries, allowed);
    const bool wraps = packed || look.named || look.repeats || lone.name == folder.filename();
    if (!look.most || !wraps) {
      if (packed || look.most)
        remarks.push_back(fmt::format("{} was taken for one student's; if it holds a class, {}grade that folder",
                                      system::quoted(lone.name), archive.empty() ? "" : "unpack it and "));
      break;
    }
    guessed = look.named ? "" : lone.name;
    std::ranges::move(assign(outer.aside, {}, allowed).remarks, std::back_inserter(remarks));
    folder = inner;
  }
  if (!guessed.empty())
    remarks.insert(remarks.begin(),
                   fmt::format("{} was taken for the folder of a class, and each of its entries for a student's",
                               system::quoted(guessed)));
  return folder;
}

}  // namespace workbook::grading
