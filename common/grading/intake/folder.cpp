#include "common/grading/intake/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "common/system/utf8.h"

namespace workbook::grading {

namespace {

[[noreturn]] void cannot_read() { throw Refused(fmt::format("cannot be read: {}", std::strerror(errno))); }

EntryKind kind_in(const struct stat& status) {
  if (S_ISLNK(status.st_mode)) return EntryKind::link;
  if (S_ISDIR(status.st_mode)) return EntryKind::folder;
  return S_ISREG(status.st_mode) ? EntryKind::file : EntryKind::other;
}

/// What cannot be looked at, because it has gone or is not ours to see, is told of when it is opened.
Entry entry_of(int folder, const std::string& name, unsigned char type) {
  struct stat status {};
  if (fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
    return {name, kind_in(status), status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
  return {name, type == DT_DIR ? EntryKind::folder : EntryKind::file};
}

}  // namespace

std::vector<Entry> Folder::list(std::uint64_t most) const {
  const int again = ::openat(handle_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> all(again < 0 ? nullptr : ::fdopendir(again), ::closedir);
  if (!all) cannot_read();
  std::vector<Entry> entries;
  while (const dirent* next = ::readdir(all.get())) {
    const std::string name = next->d_name;
    if (name == "." || name == "..") continue;
    if (entries.size() == most) throw Refused(fmt::format("expected at most {} entries in a folder, found more", most));
    entries.push_back(entry_of(handle_.get(), name, next->d_type));
  }
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

system::FileDescriptor Folder::open(const std::string& name, EntryKind kind) const {
  system::FileDescriptor file(
      ::openat(handle_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() < 0)
    throw Refused(fmt::format("cannot be read: {}: {}", system::quoted(name),
                              errno == ELOOP ? "expected no link" : std::strerror(errno)));
  if (kind_of(file) != kind) throw Refused(fmt::format("was replaced while it was read: {}", system::quoted(name)));
  return file;
}

EntryKind kind_of(const system::FileDescriptor& file) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0) cannot_read();
  return kind_in(status);
}

std::optional<std::string> content_of(const system::FileDescriptor& file, std::uint64_t most) {
  std::string content;
  std::string block(64 << 10, '\0');
  while (true) {
    const ssize_t size = ::pread(file.get(), block.data(), block.size(), static_cast<off_t>(content.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) cannot_read();
    if (size == 0) return content;
    content.append(block, 0, static_cast<std::size_t>(size));
    if (content.size() > most) return std::nullopt;
  }
}

}  // namespace workbook::grading
