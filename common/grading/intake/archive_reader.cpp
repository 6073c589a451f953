#include "common/grading/intake/archive_reader.h"
#include "common/system/units.h"
#include "common/system/utf8.h"

#include <algorithm>
#include <array>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

namespace workbook::grading {

namespace {

constexpr std::uint64_t kRatioMatters = 8 << 20;
constexpr std::size_t kBlock = 64 << 10;
constexpr std::array kEndings{".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz2", ".txz", ".tar", ".zip"};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

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

std::string path_of(archive_entry* entry) {
  // Without a UTF-8 locale the first is missing for a name that is marked as UTF-8.
  if (const char* path = archive_entry_pathname(entry)) return path;
  if (const char* path = archive_entry_pathname_utf8(entry)) return path;
  return "";
}

}  // namespace

ArchiveReader::ArchiveReader(const fs::path& file, const IntakeLimits& limits)
    : limits_(limits), archive_(archive_read_new()) {
  std::error_code error;
  packed_ = fs::file_size(file, error);
  start();
  if (error || archive_read_open_filename(archive_, file.c_str(), kBlock) != ARCHIVE_OK) {
    const std::string why = error ? error.message() : archive_error_string(archive_);
    archive_read_free(archive_);
    throw Refused(fmt::format("cannot be read as a zip or tar: {}", system::quoted(why)));
  }
}

ArchiveReader::ArchiveReader(std::span<const std::byte> bytes, const IntakeLimits& limits)
    : limits_(limits), archive_(archive_read_new()), packed_(bytes.size()) {
  start();
  if (archive_read_open_memory(archive_, bytes.data(), bytes.size()) != ARCHIVE_OK) {
    archive_read_free(archive_);
    throw Refused("cannot be read as a zip or tar");
  }
}

ArchiveReader::~ArchiveReader() { archive_read_free(archive_); }

void ArchiveReader::start() {
  if (packed_ > limits_.archive_bytes) {
    archive_read_free(archive_);
    throw Refused(fmt::format("expected an archive of at most {}, found {}; `submit` writes a small one",
                              system::size_text(limits_.archive_bytes), system::size_text(packed_)));
  }
  // Zips by their directory only: there an entry nobody wants is skipped without unpacking it.
  archive_read_support_format_zip_seekable(archive_);
  archive_read_support_format_tar(archive_);
  archive_read_support_filter_gzip(archive_);
  archive_read_support_filter_bzip2(archive_);
  archive_read_support_filter_xz(archive_);
}

std::optional<ArchiveEntry> ArchiveReader::next() {
  if (unread_) skip();
  archive_entry* entry = nullptr;
  const int status = archive_read_next_header(archive_, &entry);
  if (status == ARCHIVE_EOF) return std::nullopt;
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) damaged();
  if (++entries_ > limits_.entries)
    throw Refused(fmt::format("expected at most {} entries in an archive, found more", limits_.entries));
  ArchiveEntry result{path_of(entry), kind_of(entry), std::nullopt, archive_entry_is_encrypted(entry) != 0};
  if (archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) >= 0)
    result.size = static_cast<std::uint64_t>(archive_entry_size(entry));
  unread_ = result.kind == EntryKind::file;
  return result;
}

std::optional<std::string> ArchiveReader::content(std::uint64_t most) {
  std::string content;
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  while (true) {
    const int status = archive_read_data_block(archive_, &block, &size, &offset);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK) damaged();  // a wrong checksum is a mere warning
    account(size);
    // A sparse file's blocks leave gaps; a gap is as large as it is, whatever it costs to pack.
    if (offset < 0 || static_cast<std::uint64_t>(offset) > most || size > most - static_cast<std::uint64_t>(offset))
      return std::nullopt;
    content.resize(static_cast<std::size_t>(offset));
    content.append(static_cast<const char*>(block), size);
  }
  unread_ = false;
  return content;
}

void ArchiveReader::skip() {
  unread_ = false;
  if ((archive_format(archive_) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP) return;
  // The library would skip in one go, however far a packed tar says.
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  while (true) {
    const int status = archive_read_data_block(archive_, &block, &size, &offset);
    if (status == ARCHIVE_EOF) return;
    if (status != ARCHIVE_OK) damaged();
    account(size);
  }
}

void ArchiveReader::account(std::uint64_t bytes) {
  unpacked_ += bytes;
  if (unpacked_ > limits_.unpacked_bytes)
    throw Refused(fmt::format("expected an archive that unpacks to at most {}, found more",
                              system::size_text(limits_.unpacked_bytes)));
  if (unpacked_ > kRatioMatters && unpacked_ / std::max<std::uint64_t>(packed_, 1) > limits_.ratio)
    throw Refused(
        fmt::format("expected an archive that unpacks to at most {} times its size, found more", limits_.ratio));
}

void ArchiveReader::damaged() const {
  const char* why = archive_error_string(archive_);
  throw Refused(fmt::format("cannot be read as a zip or tar: {}", system::quoted(why == nullptr ? "damaged" : why)));
}

bool has_archive_name(std::string_view name) { return ending_length(name) > 0; }

std::string without_archive_ending(const std::string& name) {
  return name.substr(0, name.size() - ending_length(name));
}

}  // namespace workbook::grading
