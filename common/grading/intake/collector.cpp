#include "common/grading/intake/collector.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "common/grading/intake/archive_path.h"
#include "common/grading/intake/source_text.h"
#include "common/system/errors.h"
#include "common/system/json.h"
#include "common/system/sha256.h"
#include "common/system/text.h"
#include "common/system/units.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

using system::lower;

using Parts = std::vector<std::string>;

constexpr std::size_t kShownNames = 5, kInnerArchives = 4, kLookedAt = 100;

/// The folder or file that editors, systems and builds leave lying about, or that the workbook keeps copies in; "" if
/// there is none in the path.
std::string debris_in(const Parts& parts) {
  static const std::set<std::string> kNames{"__MACOSX",  "build",       "CMakeFiles",           "node_modules",
                                            "Thumbs.db", "desktop.ini", "compile_commands.json"};
  const auto found = std::ranges::find_if(
      parts, [](const std::string& part) { return part.starts_with('.') || kNames.contains(part); });
  return found == parts.end() ? "" : *found;
}

const char* spoken(EntryKind kind) { return kind == EntryKind::link ? "a link" : "a device or the like"; }

std::optional<Time> parse_claimed_time(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute, &second) != 6)
    return {};
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return {};
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

void write(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << content;
  if (!out.flush()) throw system::Error(fmt::format("cannot write {}: is the disk full?", path.string()));
}

}  // namespace

bool Collector::names(const AllowedFiles& allowed, const std::string& file) {
  const auto is_it = [&](const std::string& name) { return lower(name) == lower(file); };
  return std::ranges::any_of(allowed, [&](const auto& lesson) { return std::ranges::any_of(lesson.second, is_it); });
}

void Collector::take(const Name& name, int rank, const std::string& path, const Content& content) {
  const auto [found, fresh] = taken_.try_emplace(name);
  Taken& taken = found->second;
  const bool apart = !fresh && taken.piece != piece_, newer = apart && !file_.empty() && taken.file == file_;
  if (!fresh && !newer && rank == taken.rank) {
    const auto place = [&](const std::string& piece, const std::string& in) {
      return apart && in != name.second ? piece + "/" + in : apart ? piece : in;
    };
    taken.refused = fmt::format("expected {} once, found it twice: {} and {}", name.second,
                                system::quoted(place(taken.piece, taken.path)), system::quoted(place(piece_, path)));
    return;
  }
  if (newer)
    said_.push_back(fmt::format("{} was handed in more than once: {} is the latest and counts, not {}", name.second,
                                system::quoted(piece_), system::quoted(taken.piece)));
  else if (apart)
    said_.push_back(fmt::format("{} is in {} and in {}: the one in {} counts, whose path is more like the workbook's",
                                name.second, system::quoted(taken.piece), system::quoted(piece_),
                                system::quoted(rank < taken.rank ? taken.piece : piece_)));
  if (!fresh && !newer && rank < taken.rank) return;
  taken = {rank, piece_, file_, path, "", ""};
  if (auto bytes = content(limits_.file_bytes)) {
    taken.sha256 = system::sha256(*bytes);
    SourceText source = as_utf8(*std::move(bytes));
    taken.content = std::move(source.text);
    if (!source.remark.empty()) said_.push_back(name.second + ' ' + source.remark);
  } else {
    taken.refused =
        fmt::format("expected {} to have at most {}, found more", name.second, system::size_text(limits_.file_bytes));
  }
}

bool Collector::take_if_named(const std::string& path, const Content& content) {
  const Parts parts = safe_parts(path);
  const std::string folder = parts.size() > 1 ? parts[parts.size() - 2] : "";
  const bool in_lessons = parts.size() > 2 && parts[parts.size() - 3] == "lessons";
  bool named = false;
  for (const auto& [lesson, files] : *allowed_)
    for (const std::string& file : files) {
      if (parts.back() == file) {
        // Names such as helper.cpp may be in several lessons: then the folder tells.
        if (folder != lesson && allowed_->count(folder) > 0) continue;
        take({lesson, file}, folder != lesson ? 1 : in_lessons ? 3 : 2, path, content);
        named = true;
      } else if (lower(parts.back()) == lower(file)) {
        Taken& taken = taken_[{lesson, file}];
        taken.path = path;
        taken.refused = fmt::format("expected a file called {}, found {}", file, system::quoted(path));
        taken.rank = 9;
        named = true;
      }
    }
  return named;
}

/// Among the hand-ins of students, an archive of a class would be one student's.
void Collector::look_for_a_class(const Entry& top) {
  if (looked_at_ == kLookedAt || depth_ > 1) return;
  ++looked_at_;
  Piece piece = parse_piece(top);
  if (piece.platform.empty()) return;
  if (named_.platform.empty()) named_ = piece;
  if (piece.platform != named_.platform || piece.owner == named_.owner) return;
  looked_at_ = kLookedAt;
  said_.push_back(fmt::format(
      "{} and {} are named as {} names the work of two students: if this is the archive of a class, unpack it",
      system::quoted(named_.entry.name), system::quoted(top.name), piece.platform));
}

void Collector::offer(const ArchiveEntry& entry, const Content& content) {
  ++offered_;
  if (entry.path.empty()) {
    unread_.push_back(fmt::format("left out: entry {}, whose name cannot be read", offered_));
    return;
  }
  const Parts parts = safe_parts(entry.path);
  if (parts.empty()) return;
  if (const std::string folder = debris_in(parts); !folder.empty()) {
    const std::string& name = parts.back();
    if (entry.kind == EntryKind::file && !name.starts_with("._") && (names(*allowed_, name) || has_archive_name(name)))
      aside_.push_back({name, fmt::format("{}", fmt::join(parts, "/")), folder});
    return;
  }
  look_for_a_class({parts.front().substr(0, kLongestName), parts.size() > 1 ? EntryKind::folder : entry.kind});
  if (entry.kind == EntryKind::folder) return;
  if (entry.kind != EntryKind::file)
    throw Refused(fmt::format("expected plain files, found {}: {}", spoken(entry.kind), system::quoted(entry.path)));
  declared_ += entry.size.value_or(0);
  if (declared_ > limits_.unpacked_bytes)
    throw Refused(fmt::format("expected at most {} in all, found more", system::size_text(limits_.unpacked_bytes)));
  if (entry.encrypted)
    throw Refused(fmt::format("expected no password, found {} encrypted", system::quoted(entry.path)));
  if (take_if_named(entry.path, content)) return;
  if (parts.back() == "manifest.json" && (!manifest_ || manifest_piece_ != piece_)) {
    manifest_piece_ = piece_;
    manifest_ = content(limits_.file_bytes).value_or("too large");
    return;
  }
  if (has_archive_name(parts.back())) return keep_inner_archive(entry.path, content);
  ignore(entry.path);
}

void Collector::offer_all(ArchiveReader& archive) {
  ++depth_;
  while (const auto entry = archive.next()) offer(*entry, [&](std::uint64_t most) { return archive.content(most); });
  --depth_;
}

void Collector::keep_inner_archive(const std::string& path, const Content& content) {
  if (depth_ >= limits_.nesting)
    throw Refused(fmt::format("expected at most {} archives in one another, found {} in them", limits_.nesting,
                              system::quoted(path)));
  const auto older = [&](const Inner& inner) { return inner.piece != piece_ && !file_.empty() && inner.file == file_; };
  if (const auto found = std::ranges::find_if(archives_, older); found != archives_.end()) {
    said_.push_back(fmt::format("handed in more than once: {} is the latest and counts, not {}", system::quoted(piece_),
                                system::quoted(found->piece)));
    std::erase_if(archives_, older);
  }
  if (archives_.size() == kInnerArchives) throw Refused("expected one archive, found many");
  auto bytes = content(limits_.archive_bytes);
  if (!bytes)
    throw Refused(fmt::format("expected {} to have at most {}, found more", system::quoted(path),
                              system::size_text(limits_.archive_bytes)));
  archives_.push_back({piece_, file_, path, *std::move(bytes), depth_});
}

void Collector::unpack_inner_archives() {
  while (!archives_.empty()) {
    const auto archives = std::exchange(archives_, {});
    if (taken_.empty() && archives.size() > 1)
      throw Refused(fmt::format("expected one archive, found {}", archives.size()));
    if (!taken_.empty()) {
      for (const Inner& inner : archives) ignore(inner.path);
      return;
    }
    depth_ = archives.front().depth;
    ArchiveReader inner(std::as_bytes(std::span(archives.front().bytes)), limits_);
    offer_all(inner);
  }
}

void Collector::ignore(const std::string& path) {
  ++ignored_count_;
  if (ignored_.size() < kShownNames) ignored_.push_back(system::quoted(path));
}

void Collector::say_what_is_missing(const std::string& lesson) {
  for (const std::string& file : allowed_->at(lesson))
    if (!taken_.contains({lesson, file}))
      said_.push_back(fmt::format("expected {} of {}, found none: its stub takes its place", file, lesson));
}

void Collector::finish(const fs::path& folder, Submission& submission) {
  std::ranges::move(said_, std::back_inserter(submission.problems));
  said_.clear();
  unpack_inner_archives();
  std::string everything;
  for (const auto& [name, taken] : taken_) {
    const auto& [lesson, file] = name;
    if (!taken.refused.empty()) submission.refused_files[lesson] = taken.refused;
  }
  for (const auto& [name, taken] : taken_) {
    const auto& [lesson, file] = name;
    if (submission.refused_files.count(lesson) > 0) continue;
    write(folder / lesson / file, taken.content);
    if (file == allowed_->at(lesson).front()) submission.files[lesson] = folder / lesson / file;
    everything += lesson + '/' + file + ' ' + system::sha256(taken.content) + '\n';
  }
  for (const auto& [lesson, file] : submission.files) say_what_is_missing(lesson);
  submission.sha256 = system::sha256(everything);
  if (manifest_) read_manifest(submission);
  std::ranges::move(said_, std::back_inserter(submission.problems));
  std::ranges::move(unread_, std::back_inserter(submission.problems));
  say_what_was_ignored(submission);
  say_what_was_aside(submission);
}

void Collector::read_manifest(Submission& submission) const {
  const auto manifest = nlohmann::json::parse(*manifest_, nullptr, false);
  if (!manifest.is_object() || !manifest.contains("files") || !manifest["files"].is_array()) {
    submission.problems.emplace_back("manifest.json is not as `submit` writes it; it was ignored");
    return;
  }
  std::map<Name, std::string> hashes;
  for (const auto& entry : manifest["files"])
    if (entry.is_object()) try {
        hashes[{entry.value("lesson", ""), entry.value("file", "")}] = entry.value("sha256", "");
      } catch (const nlohmann::json::exception&) {
        submission.problems.emplace_back("manifest.json has an entry that `submit` does not write");
      }
  for (const auto& [name, taken] : taken_) {
    const auto entry = hashes.find(name);
    if (entry == hashes.end())
      submission.problems.push_back(fmt::format("{} is not in the manifest; it was taken all the same", name.second));
    else if (entry->second != taken.sha256 && taken.refused.empty())
      submission.problems.push_back(
          fmt::format("{} was changed after `submit` wrote the manifest; the file counts", name.second));
  }
  for (const auto& [name, hash] : hashes)
    if (taken_.count(name) == 0)
      submission.problems.push_back(
          fmt::format("the manifest names {}, which is not there", system::quoted(name.second)));
  const auto time = manifest.find("edited_at");
  if (time != manifest.end() && time->is_string()) submission.claimed_at = parse_claimed_time(*time);
}

void Collector::say_what_was_ignored(Submission& submission) const {
  if (ignored_count_ == 0) return;
  std::string text = fmt::format("ignored, for no lesson names it: {}", fmt::join(ignored_, ", "));
  if (ignored_count_ > ignored_.size()) text += fmt::format(" and {} more", ignored_count_ - ignored_.size());
  submission.problems.push_back(text);
}

/// Copies of what was taken are nothing to speak of; if nothing was, the refusal says what was found instead.
void Collector::say_what_was_aside(Submission& submission) const {
  std::set<std::string> taken;
  for (const auto& [name, file] : taken_) taken.insert(lower(name.second));
  if (taken.empty()) return;
  for (const Aside& aside : aside_)
    if (!taken.contains(lower(aside.name)) && names(*allowed_, aside.name))
      submission.problems.push_back(fmt::format("not taken: {}, because builds, editors or systems make {}",
                                                system::quoted(aside.path), system::quoted(aside.folder)));
}

std::string Collector::found_instead() const {
  if (aside_.empty()) return "none";
  const std::string more = aside_.size() == 1 ? "" : fmt::format(" and {} more", aside_.size() - 1);
  return fmt::format("only {}{}, and builds, editors or systems make {}", system::quoted(aside_.front().path), more,
                     system::quoted(aside_.front().folder));
}

}  // namespace workbook::grading
