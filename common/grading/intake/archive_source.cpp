#include "common/grading/intake/archive_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "common/system/units.h"

namespace workbook::grading {

namespace {

constexpr std::uint64_t kRatioMatters = 8 << 20, kReadAgain = 1 << 20;
constexpr std::size_t kBlock = 64 << 10;

}  // namespace

std::size_t ArchiveSource::fetch(std::uint64_t from, char* to, std::size_t size) {
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, packed - std::min(from, packed)));
  if (file.get() < 0) {
    std::copy_n(reinterpret_cast<const char*>(bytes.data()) + from, size, to);
    return size;
  }
  const ssize_t found = ::pread(file.get(), to, size, static_cast<off_t>(from));
  if (found < 0) refused = fmt::format("cannot be read: {}", std::strerror(errno));
  return found < 0 ? 0 : static_cast<std::size_t>(found);
}

void ArchiveSource::account(std::uint64_t size) {
  const std::uint64_t most = passing ? limits.passed_bytes : limits.unpacked_bytes;
  std::uint64_t& sum = passing ? passed : unpacked;
  sum += size;
  if (sum > most)
    refused = fmt::format("expected an archive that unpacks to at most {}, found more",
                          system::size_text(static_cast<double>(most)));
  else if (unpacked > kRatioMatters && unpacked / std::max<std::uint64_t>(packed, 1) > limits.ratio)
    refused = fmt::format("expected an archive that unpacks to at most {} times its size, found more", limits.ratio);
}

/// Names, attributes, a zip's directory: the library keeps them in memory, and looks for an entry in one go.
void ArchiveSource::account_header(std::uint64_t size) {
  if (size > headers_left)
    refused = fmt::format("expected names and attributes of at most {}, found more",
                          system::size_text(static_cast<double>(most_header_bytes())));
  else if (headers_left != kNoEnd)
    headers_left -= size;
}

/// A zip's directory and the ends of blocks are read twice. More is read where entries share their bytes, and then
/// a small archive can take for ever, even if nothing comes out of it.
void ArchiveSource::account_packed(std::uint64_t size) {
  read += size;
  if (read > 2 * packed + kReadAgain) refused = "expected entries that lie beside one another, found some in others";
}

la_ssize_t ArchiveSource::give(::archive* to, std::size_t size) {
  account_header(size);
  if (refused.empty()) return static_cast<la_ssize_t>(size);
  archive_set_error(to, -1, "%s", refused.c_str());
  return -1;
}

la_ssize_t ArchiveSource::read_packed(::archive* to, void* self, const void** block) {
  auto& source = *static_cast<ArchiveSource*>(self);
  source.block.resize(kBlock);
  const std::size_t size = source.fetch(source.at, source.block.data(), kBlock);
  source.at += size;
  source.account_packed(size);
  *block = source.block.data();
  return source.give(to, size);
}

la_ssize_t ArchiveSource::read_unpacked(::archive* to, void* self, const void** block) {
  auto& source = *static_cast<ArchiveSource*>(self);
  std::size_t size = 0;
  la_int64_t ignored = 0;
  const int status = archive_read_data_block(source.filters, block, &size, &ignored);
  if (status == ARCHIVE_EOF) return 0;
  if (status != ARCHIVE_OK) {
    const char* why = archive_error_string(source.filters);
    archive_set_error(to, -1, "%s", why == nullptr ? "damaged" : why);
    return -1;
  }
  source.account(size);
  return source.give(to, size);
}

la_int64_t ArchiveSource::skip(::archive*, void* self, la_int64_t size) {
  static_cast<ArchiveSource*>(self)->at += static_cast<std::uint64_t>(size);
  return size;
}

la_int64_t ArchiveSource::seek(::archive*, void* self, la_int64_t offset, int whence) {
  auto& source = *static_cast<ArchiveSource*>(self);
  const std::uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? source.at : source.packed;
  const la_int64_t target = static_cast<la_int64_t>(base) + offset;
  if (target < 0) return ARCHIVE_FATAL;
  source.at = static_cast<std::uint64_t>(target);
  return target;
}

}  // namespace workbook::grading
