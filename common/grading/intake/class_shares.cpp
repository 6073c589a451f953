#include "common/grading/intake/class_shares.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "common/grading/intake/layouts.h"
#include "common/system/errors.h"
#include "common/system/units.h"

namespace workbook::grading {

Shares::Shares(fs::path folder, std::vector<std::string> wrappers, const IntakeLimits& limits)
    : folder_(std::move(folder)), wrappers_(std::move(wrappers)), limits_(limits) {}

Share& Shares::share_of(const Entry& entry) {
  if (of_last_ == nullptr || entry.name != last_.name || entry.kind != last_.kind) {
    const Entry as_unpacked{entry.name.substr(0, kLongestName), entry.kind};
    const Piece piece = parse_piece(as_unpacked);
    of_last_ = &shares_[{piece.platform, piece.owner}];
    of_last_->student = piece.student;
    last_ = entry;
  }
  return *of_last_;
}

Share* Shares::count(const std::vector<std::string>& parts, EntryKind kind, std::uint64_t bytes) {
  const auto inside = std::ranges::mismatch(parts, wrappers_).in1;
  const auto depth = static_cast<std::size_t>(inside - parts.begin());
  if (parts.size() <= depth) return nullptr;
  const Entry entry{parts[depth], parts.size() > depth + 1 ? EntryKind::folder : kind};
  Share& share = share_of(entry);
  if (share.exceeded) return &share;
  if (entry.kind == EntryKind::file || entry.kind == EntryKind::folder) share.entries.emplace(entry.name, entry.kind);
  ++share.count;
  share.bytes += bytes;
  share.exceeded = share.count > limits_.entries || share.bytes > limits_.class_share;
  if (share.exceeded) clear(share, std::accumulate(parts.begin(), inside, folder_, std::divides<>()));
  return &share;
}

/// The names stay, so that the student has a row.
void Shares::clear(const Share& share, const fs::path& folder) const {
  for (const auto& [name, kind] : share.entries) {
    fs::remove_all(folder / name);
    if (kind == EntryKind::folder)
      fs::create_directories(folder / name);
    else if (!std::ofstream(folder / name))
      throw system::Error(fmt::format("cannot write {}", (folder / name).string()));
  }
}

std::string Shares::reason() const {
  return fmt::format("expected at most {} and {} entries of one student in the archive of a class, found more",
                     system::size_text(static_cast<double>(limits_.class_share)), limits_.entries);
}

std::map<std::string, std::string> Shares::refused() const {
  std::map<std::string, std::string> refused;
  for (const auto& [owner, share] : shares_)
    if (share.exceeded)
      for (const auto& [name, kind] : share.entries) refused[name] = reason();
  return refused;
}

std::vector<std::string> Shares::remarks() const {
  std::vector<std::string> remarks;
  for (const auto& [owner, share] : shares_) {
    if (share.left_out > kRemarksOfStudent)
      remarks.push_back(
          fmt::format("not unpacked: {} more entries of {}", share.left_out - kRemarksOfStudent, share.student));
    if (share.exceeded) remarks.push_back(fmt::format("not unpacked: all of {}: {}", share.student, reason()));
  }
  return remarks;
}

}  // namespace workbook::grading
