#pragma once
/// Reads zips and tars that may be hostile, one entry at a time and within limits. Writes nothing.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "common/grading/intake/intake.h"

struct archive;

namespace workbook::grading {

/// Why a submission cannot be used at all.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class EntryKind { file, folder, link, other };

struct ArchiveEntry {
  std::string path;  ///< as it stands in the archive
  EntryKind kind = EntryKind::file;
  std::optional<std::uint64_t> size;  ///< as declared
  bool encrypted = false;
};

/// A zip, or a tar that is plain or packed with gzip, bzip2 or xz.
class ArchiveReader {
 public:
  /// @throws Refused if it is no such archive, or too large as it is.
  ArchiveReader(const fs::path& file, const IntakeLimits& limits);
  ArchiveReader(std::span<const std::byte> bytes, const IntakeLimits& limits);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  /// The next entry, or nothing at the end. @throws Refused if the archive is damaged or beyond a limit.
  std::optional<ArchiveEntry> next();

  /// The content of the entry, or nothing if it is larger than `most`. @throws Refused as above.
  std::optional<std::string> content(std::uint64_t most);

 private:
  void start();
  void skip();
  void account(std::uint64_t bytes);
  [[noreturn]] void damaged() const;

  IntakeLimits limits_;
  ::archive* archive_;
  std::uint64_t packed_, unpacked_ = 0, entries_ = 0;
  bool unread_ = false;
};

/// Does the name end like that of an archive we read?
bool has_archive_name(std::string_view name);

/// `name` without that ending: "alice.tar.gz" -> "alice".
std::string without_archive_ending(const std::string& name);

}  // namespace workbook::grading
