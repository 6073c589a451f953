#include "common/grading/tests/packer.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <utility>

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

/// Numbers, each in as many bytes as stands in front of it, at most 8.
std::string little_endian(std::initializer_list<std::pair<std::size_t, std::size_t>> fields) {
  std::string bytes;
  for (const auto& [width, value] : fields)
    for (std::size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> 8 * i & 0xff);
  return bytes;
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
    archive_entry_set_mtime(entry, packed.seconds, 0);
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

std::string marked_as_utf8(std::string zip) {
  for (const auto& [magic, flags] : {std::pair(std::string("PK\x03\x04"), 7), std::pair(std::string("PK\x01\x02"), 9)})
    for (auto at = zip.find(magic); at != zip.npos; at = zip.find(magic, at + 4))
      zip[at + static_cast<std::size_t>(flags)] |= 8;
  return zip;
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

/// Each header says that what follows it, up to the bytes, is an extra field of its own.
std::string zip_of_nothing(const std::vector<std::string>& names, int kib) {
  const std::string empty_block("\0\0\0\xff\xff", 5), last_block("\1\0\0\xff\xff", 5);
  const std::string packed = repeated(empty_block, kib * 1024 / 5) + last_block;
  std::size_t rest = 0;
  for (const std::string& name : names) rest += 34 + name.size();
  std::string bytes, directory;
  for (const std::string& name : names) {
    rest -= 34 + name.size();
    const std::string common =
        little_endian({{2, 20}, {2, 0}, {2, 8}, {4, 0}, {4, 0}, {4, packed.size()}, {4, 0}, {2, name.size()}});
    directory +=
        "PK\x01\x02" + little_endian({{2, 20}}) + common + little_endian({{8, 0}, {4, 0}, {4, bytes.size()}}) + name;
    bytes += "PK\x03\x04" + common + little_endian({{2, 4 + rest}}) + name + little_endian({{2, 0x9999}, {2, rest}});
  }
  bytes += packed;
  return bytes + directory + "PK\x05\x06" +
         little_endian(
             {{4, 0}, {2, names.size()}, {2, names.size()}, {4, directory.size()}, {4, bytes.size()}, {2, 0}});
}

std::string zip_directory(int records) {
  const std::string record = "PK\x01\x02" + std::string(42, '\0');
  const std::string directory = repeated(record, records);
  return directory + "PK\x05\x06" + little_endian({{8, 0}, {4, directory.size()}, {6, 0}});
}

}  // namespace workbook::grading
