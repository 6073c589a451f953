#include "common/grading/intake/composed_name.h"

#include <memory>

#include <archive.h>
#include <archive_entry.h>

namespace workbook::grading {

namespace {

locale_t utf8() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;  // where there is none, the locale stays as it is, and names that cannot be read are told of
}

using Entry = std::unique_ptr<::archive_entry, void (*)(::archive_entry*)>;
using Archive = std::unique_ptr<::archive, int (*)(::archive*)>;

/// A tar of one empty file, whose name stands in it as UTF-8. "" if there is no such tar.
std::string tar_of(const std::string& name) {
  std::string bytes;
  const auto write = [](::archive*, void* out, const void* data, std::size_t size) -> la_ssize_t {
    static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  };
  const Archive tar(archive_write_new(), archive_write_free);
  const Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_size(entry.get(), 0);
  const bool good = archive_write_set_format_pax(tar.get()) == ARCHIVE_OK &&
                    archive_write_open(tar.get(), &bytes, nullptr, write, nullptr) == ARCHIVE_OK &&
                    archive_write_header(tar.get(), entry.get()) == ARCHIVE_OK &&
                    archive_write_close(tar.get()) == ARCHIVE_OK;
  return good ? bytes : "";
}

/// Do letters and marks that may be composed begin with such a byte? Marks of Latin letters, Korean, Japanese.
bool may_be_decomposed(const std::string& name) { return name.find_first_of("\xcc\xcd\xe1\xe3") != name.npos; }

}  // namespace

InUtf8::InUtf8() : before_(::uselocale(utf8())) {}
InUtf8::~InUtf8() { ::uselocale(before_); }

/// libarchive composes the names that it reads, and has no function for that alone.
std::string composed(const std::string& name) {
  if (!may_be_decomposed(name)) return name;
  const InUtf8 here;
  const std::string bytes = tar_of(name);
  const Archive tar(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(tar.get());
  ::archive_entry* entry = nullptr;
  if (archive_read_open_memory(tar.get(), bytes.data(), bytes.size()) != ARCHIVE_OK ||
      archive_read_next_header(tar.get(), &entry) != ARCHIVE_OK)
    return name;
  const char* path = archive_entry_pathname(entry);
  return path == nullptr ? name : path;
}

}  // namespace workbook::grading
