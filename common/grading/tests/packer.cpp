#include "common/grading/tests/packer.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>

#include <archive.h>
#include <archive_entry.h>

namespace workbook::grading {

namespace {

using Archive = std::unique_ptr<::archive, int (*)(::archive*)>;

void check(::archive* archive, int status) {
  if (status < ARCHIVE_WARN) throw std::runtime_error(archive_error_string(archive));
}

Archive open(const std::string& format, std::string& bytes) {
  Archive archive(archive_write_new(), archive_write_free);
  ::archive* a = archive.get();
  if (format.starts_with("zip")) {
    check(a, archive_write_set_format_zip(a));
    if (format == "zip-stored") check(a, archive_write_set_options(a, "zip:compression=store"));
    if (format == "zip-encrypted") {
      check(a, archive_write_set_options(a, "zip:encryption=zipcrypt"));
      check(a, archive_write_set_passphrase(a, "secret"));
    }
  } else {
    check(a, format.starts_with("raw") ? archive_write_set_format_raw(a) : archive_write_set_format_pax_restricted(a));
    if (format.ends_with(".gz")) check(a, archive_write_add_filter_gzip(a));
    if (format.ends_with(".bz2")) check(a, archive_write_add_filter_bzip2(a));
    if (format.ends_with(".xz")) check(a, archive_write_add_filter_xz(a));
  }
  const auto write = [](::archive*, void* out, const void* data, std::size_t size) -> la_ssize_t {
    static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  };
  check(a, archive_write_open(a, &bytes, nullptr, write, nullptr));
  return archive;
}

unsigned file_type(char type) {
  switch (type) {
    case 'd':
      return AE_IFDIR;
    case 'l':
      return AE_IFLNK;
    case 'c':
      return AE_IFCHR;
    case 'p':
      return AE_IFIFO;
    default:
      return AE_IFREG;
  }
}

}  // namespace

Scratch::Scratch() {
  std::string name = (fs::temp_directory_path() / "workbook_intake_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

Scratch::~Scratch() { fs::remove_all(path_); }

fs::path Scratch::write(const fs::path& name, const std::string& content) const {
  const fs::path path = path_ / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string pack(const std::string& format, const std::vector<Packed>& entries) {
  std::string bytes;
  const Archive archive = open(format, bytes);
  for (const Packed& packed : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, packed.path.c_str());
    archive_entry_set_filetype(entry, file_type(packed.type));
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 1'700'000'000, 0);
    if (packed.type == 'f') archive_entry_set_size(entry, static_cast<la_int64_t>(packed.content.size()));
    if (packed.type == 'l') archive_entry_set_symlink(entry, packed.target.c_str());
    if (packed.type == 'h') archive_entry_set_hardlink(entry, packed.target.c_str());
    check(archive.get(), archive_write_header(archive.get(), entry));
    if (packed.type == 'f' && !packed.content.empty() &&
        archive_write_data(archive.get(), packed.content.data(), packed.content.size()) < 0)
      throw std::runtime_error(archive_error_string(archive.get()));
    archive_entry_free(entry);
  }
  check(archive.get(), archive_write_close(archive.get()));
  return bytes;
}

std::string tar_header(const std::string& octal, char type) {
  std::string header(512, '\0');
  header.replace(0, 9, "first.cpp");
  header.replace(100, 8, "0000644\0", 8);
  header.replace(124, octal.size(), octal);
  header.replace(148, 8, "        ");
  header[156] = type;
  header.replace(257, 8, "ustar\00000", 8);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  return header.replace(148, 7, text, 7);
}

std::string repeated(const std::string& bytes, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += bytes;
  return result;
}

std::string zip_directory(int records) {
  std::string record = "PK\x01\x02" + std::string(42, '\0'), end = "PK\x05\x06" + std::string(18, '\0');
  const auto size = static_cast<std::uint32_t>(record.size()) * static_cast<std::uint32_t>(records);
  for (int i = 0; i < 4; ++i) end[static_cast<std::size_t>(12 + i)] = static_cast<char>(size >> 8 * i & 0xff);
  return repeated(record, records) + end;
}

}  // namespace workbook::grading
