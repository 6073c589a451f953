#include "common/grading/intake/archive_reader.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "common/grading/intake/archive_source.h"
#include "common/grading/intake/composed_name.h"
#include "common/system/process.h"
#include "common/system/text.h"
#include "common/system/units.h"
#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

using system::lower;

constexpr std::array kEndings{".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".txz", ".tar", ".zip"};

std::size_t ending_length(std::string_view name) {
  const std::string low = lower(name);
  for (const std::string_view ending : kEndings)
    if (low.size() > ending.size() && low.ends_with(ending)) return ending.size();
  return 0;
}

EntryKind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_hardlink_utf8(entry) != nullptr ||
      archive_entry_symlink(entry) != nullptr)
    return EntryKind::link;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryKind::file;
    case AE_IFDIR:
      return EntryKind::folder;
    case AE_IFLNK:
      return EntryKind::link;
    default:
      return EntryKind::other;
  }
}

constexpr const char* kCutOff = "cannot be read: its end is missing, as if a download or an upload had been cut off";

/// What the library says of a file, in words for whoever has to ask for it again.
std::string damage(::archive* archive) {
  const char* said = archive_error_string(archive);
  const std::string why = lower(said == nullptr ? "damaged" : said);
  const auto says = [&](const char* part) { return why.find(part) != why.npos; };
  if (says("truncated") || says("no progress is possible")) return kCutOff;
  if (says("unrecognized archive format"))
    return "cannot be read: it is no zip, and no tar that is plain or packed with gzip, bzip2 or xz";
  return fmt::format("cannot be read as a zip or tar: {}", system::quoted(said == nullptr ? "damaged" : said));
}

}  // namespace

void ArchiveReader::Free::operator()(::archive* archive) const { archive_read_free(archive); }

ArchiveReader::ArchiveReader(std::unique_ptr<ArchiveSource> source)
    : source_(std::move(source)), archive_(archive_read_new()) {
  if (source_->packed > source_->limits.archive_bytes)
    throw Refused(fmt::format("expected an archive of at most {}, found {}; `submit` writes a small one",
                              system::size_text(static_cast<double>(source_->limits.archive_bytes)),
                              system::size_text(static_cast<double>(source_->packed))));
  std::string magic(4, '\0');
  magic.resize(source_->fetch(0, magic.data(), magic.size()));
  if (magic.empty()) throw Refused("cannot be read: it is empty (0 bytes)");
  if (magic == "Rar!") throw Refused("cannot be read: it is a RAR archive; a zip or a tar can be read");
  if (magic == "7z\xbc\xaf") throw Refused("cannot be read: it is a 7z archive; a zip or a tar can be read");
  if (magic == "PK\x05\x06") throw Refused("cannot be read: it is a zip with nothing in it");
  if (magic.starts_with("PK"))
    open_zip();
  else
    open_tar();
}

ArchiveReader::ArchiveReader(system::FileDescriptor file, const IntakeLimits& limits)
    : ArchiveReader([&] {
        auto source =
            std::make_unique<ArchiveSource>(ArchiveSource{.limits = limits, .file = std::move(file), .bytes = {}});
        struct stat status {};
        if (fstat(source->file.get(), &status) != 0 || !S_ISREG(status.st_mode)) throw Refused("cannot be read");
        source->packed = static_cast<std::uint64_t>(status.st_size);
        return source;
      }()) {}

ArchiveReader::ArchiveReader(std::span<const std::byte> bytes, const IntakeLimits& limits)
    : ArchiveReader(std::make_unique<ArchiveSource>(
          ArchiveSource{.limits = limits, .file = {}, .bytes = bytes, .packed = bytes.size()})) {}

ArchiveReader::~ArchiveReader() = default;

/// By its directory only: there an entry nobody wants is skipped without unpacking it.
void ArchiveReader::open_zip() {
  archive_read_support_format_zip_seekable(archive_.get());
  archive_read_set_seek_callback(archive_.get(), ArchiveSource::seek);
  const int status = archive_read_open2(archive_.get(), source_.get(), nullptr, ArchiveSource::read_packed,
                                        ArchiveSource::skip, nullptr);
  if (source_->refused.empty() && status != ARCHIVE_OK) throw Refused(kCutOff);  // for the directory is at the end
  expect(archive_.get(), status == ARCHIVE_OK);
}

/// In two steps, so that what is unpacked can be counted whatever the library wants it for.
void ArchiveReader::open_tar() {
  filters_.reset(archive_read_new());
  archive_read_support_format_raw(filters_.get());
  archive_read_support_filter_gzip(filters_.get());
  archive_read_support_filter_bzip2(filters_.get());
  archive_read_support_filter_xz(filters_.get());
  archive_entry* whole = nullptr;
  const int opened = archive_read_open(filters_.get(), source_.get(), nullptr, ArchiveSource::read_packed, nullptr);
  expect(filters_.get(), opened == ARCHIVE_OK && archive_read_next_header(filters_.get(), &whole) == ARCHIVE_OK);
  // The last one is none. What one filter writes is not counted before a second has read it.
  if (archive_filter_count(filters_.get()) > 2) throw Refused("expected an archive that is packed once, found more");
  source_->filters = filters_.get();
  archive_read_support_format_tar(archive_.get());
  const int status = archive_read_open(archive_.get(), source_.get(), nullptr, ArchiveSource::read_unpacked, nullptr);
  expect(archive_.get(), status == ARCHIVE_OK);
}

std::optional<ArchiveEntry> ArchiveReader::next() {
  const InUtf8 names;
  archive_entry* entry = nullptr;
  int status = entries_ == 0 ? ARCHIVE_OK : archive_read_data_skip(archive_.get());
  expect(archive_.get(), status == ARCHIVE_OK || status == ARCHIVE_EOF);
  source_->passing = false;
  source_->headers_left = source_->most_header_bytes();
  status = archive_read_next_header(archive_.get(), &entry);
  source_->headers_left = ArchiveSource::kNoEnd;
  expect(archive_.get(), status == ARCHIVE_OK || status == ARCHIVE_WARN || status == ARCHIVE_EOF);
  if (status == ARCHIVE_EOF) return std::nullopt;
  if (++entries_ - left_ > source_->limits.entries)
    throw Refused(fmt::format("expected at most {} entries in an archive, found more", source_->limits.entries));
  const char* path = archive_entry_pathname(entry);
  ArchiveEntry result{path == nullptr ? "" : path, kind_of(entry), std::nullopt,
                      archive_entry_is_encrypted(entry) != 0};
  if (archive_entry_mtime_is_set(entry) != 0) result.modified = archive_entry_mtime(entry);
  if (archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) >= 0)
    result.size = static_cast<std::uint64_t>(archive_entry_size(entry));
  return result;
}

std::optional<std::string> ArchiveReader::content(std::uint64_t most) {
  std::string content;
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  while (true) {
    const int status = archive_read_data_block(archive_.get(), &block, &size, &offset);
    if (!filters_) source_->account(size);
    // A wrong checksum is a mere warning, and packing that the library does not know a failure of this entry alone.
    const bool spoilt = status == ARCHIVE_WARN || status == ARCHIVE_FAILED;
    expect(archive_.get(), status == ARCHIVE_OK || status == ARCHIVE_EOF || spoilt);
    if (spoilt) throw BadEntry(damage(archive_.get()));
    if (status == ARCHIVE_EOF) return content;
    // A sparse file's blocks leave gaps; a gap is as large as it is, whatever it costs to pack.
    if (offset < 0 || static_cast<std::uint64_t>(offset) > most || size > most - static_cast<std::uint64_t>(offset))
      return std::nullopt;
    content.resize(static_cast<std::size_t>(offset));
    content.append(static_cast<const char*>(block), size);
  }
}

void ArchiveReader::leave_content() { source_->passing = true; }

void ArchiveReader::leave() {
  leave_content();
  ++left_;
}

void ArchiveReader::expect(::archive* archive, bool good) const {
  system::check_interrupted();
  if (!source_->refused.empty()) throw Refused(source_->refused);
  if (!good) throw Refused(damage(archive));
}

bool has_archive_name(std::string_view name) { return ending_length(name) > 0; }

bool has_packed_name(const std::string& name) {
  static const std::set<std::string> kOthers{".rar", ".7z", ".gz", ".bz2", ".xz", ".zst", ".lz", ".zipx"};
  return has_archive_name(name) || kOthers.contains(system::lower(std::filesystem::path(name).extension().string()));
}

std::string without_archive_ending(const std::string& name) {
  return name.substr(0, name.size() - ending_length(name));
}

}  // namespace workbook::grading
