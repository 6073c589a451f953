#include "common/grading/release/edition_archive.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "common/system/errors.h"
#include "common/system/process.h"

namespace workbook::grading {

namespace {

constexpr std::int64_t kFirstTime = 315'619'200;  // zip knows none before 1980, in any time zone

using Archive = std::unique_ptr<::archive, int (*)(::archive*)>;
using Entry = std::unique_ptr<archive_entry, void (*)(archive_entry*)>;

void check(::archive* archive, la_ssize_t status) {
  if (status < ARCHIVE_OK)
    throw system::Error(fmt::format("cannot write the archive: {}", archive_error_string(archive)));
}

la_ssize_t append(::archive*, void* out, const void* data, std::size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

std::string zip_of(const EditionFiles& files, const std::string& name, std::int64_t time) {
  // A zip also holds local times.
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  std::string bytes;
  const Archive archive(archive_write_new(), archive_write_free);
  check(archive.get(), archive_write_set_format_zip(archive.get()));
  check(archive.get(), archive_write_open(archive.get(), &bytes, nullptr, append, nullptr));
  for (const auto& [path, file] : files) {
    const Entry entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), (fs::path(name) / path).c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), file.executable ? 0755 : 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
    archive_entry_set_mtime(entry.get(), std::max(time, kFirstTime), 0);
    archive_entry_set_uid(entry.get(), 0);
    archive_entry_set_gid(entry.get(), 0);
    check(archive.get(), archive_write_header(archive.get(), entry.get()));
    check(archive.get(), archive_write_data(archive.get(), file.content.data(), file.content.size()));
  }
  check(archive.get(), archive_write_close(archive.get()));
  return bytes;
}

std::int64_t source_date(const fs::path& root) {
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH")) return std::strtoll(epoch, nullptr, 10);
  if (!system::has_program("git")) return kFirstTime;
  const system::Ended git =
      system::run({.argv = {"git", "-C", root.string(), "log", "-1", "--format=%ct"}, .folder = {}, .capture = true});
  return git.ok() ? std::strtoll(git.output.c_str(), nullptr, 10) : kFirstTime;
}

}  // namespace workbook::grading
