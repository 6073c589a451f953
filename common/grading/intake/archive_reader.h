#pragma once
/// Reads zips and tars that may be hostile, one entry at a time and within limits. Writes nothing.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "common/grading/intake/archive_path.h"
#include "common/grading/intake/entry.h"
#include "common/grading/intake/intake.h"
#include "common/system/file_descriptor.h"

struct archive;

namespace workbook::grading {

struct ArchiveEntry {
  std::string path;  ///< as it stands in the archive, UTF-8 if it is marked so; "" if it cannot be read
  EntryKind kind = EntryKind::file;
  std::optional<std::uint64_t> size;  ///< as declared
  bool encrypted = false;
  std::optional<std::int64_t> modified = {};  ///< seconds since 1970, as the archive says
};

struct ArchiveSource;

/// A zip, or a tar that is plain or packed with gzip, bzip2 or xz.
class ArchiveReader {
 public:
  /// @throws Refused if it is no such archive, or too large as it is.
  ArchiveReader(system::FileDescriptor file, const IntakeLimits& limits);
  ArchiveReader(std::span<const std::byte> bytes, const IntakeLimits& limits);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  /// The next entry, or nothing at the end. @throws Refused if the archive is damaged or beyond a limit.
  std::optional<ArchiveEntry> next();

  /// The content of the entry, or nothing if it is larger than `most`.
  /// @throws BadEntry if it alone is damaged, Refused as above
  std::optional<std::string> content(std::uint64_t most);

  /// Leaves the content of the entry: what has to be unpacked to get past it has a limit of its own.
  void leave_content();

  /// Leaves the entry: it does not count, either.
  void leave();

 private:
  struct Free {
    void operator()(::archive* archive) const;
  };
  using Handle = std::unique_ptr<::archive, Free>;

  explicit ArchiveReader(std::unique_ptr<ArchiveSource> source);
  void open_zip();
  void open_tar();
  void expect(::archive* archive, bool good) const;

  std::unique_ptr<ArchiveSource> source_;
  Handle filters_;  ///< of a tar, whose bytes are unpacked here before anything else sees them
  Handle archive_;
  std::uint64_t entries_ = 0, left_ = 0;
};

/// Does the name end like that of an archive we read?
bool has_archive_name(std::string_view name);

/// The same, or like that of an archive that we do not read?
bool has_packed_name(const std::string& name);

/// `name` without the ending of an archive that we read: "alice.tar.gz" -> "alice".
std::string without_archive_ending(const std::string& name);

}  // namespace workbook::grading
