#pragma once
/// Folders that others may write to while they are read. Everything is opened from the handle of its folder, no link is
/// followed, and what was opened counts, not what a name stood for a moment ago.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/grading/intake/entry.h"
#include "common/system/file_descriptor.h"

namespace workbook::grading {

class Folder {
 public:
  /// Takes an open folder.
  explicit Folder(system::FileDescriptor handle) : handle_(std::move(handle)) {}

  /// What it holds, by name. @throws Refused if that is more than `most`, or it cannot be read
  std::vector<Entry> list(std::uint64_t most) const;

  /// Opens an entry, which must be of that kind now. Waits for nobody. @throws Refused
  system::FileDescriptor open(const std::string& name, EntryKind kind) const;

 private:
  system::FileDescriptor handle_;
};

/// What was opened. @throws Refused if the system does not say
EntryKind kind_of(const system::FileDescriptor& file);

/// A regular file's bytes, unless there are more than `most`. @throws Refused if it cannot be read
std::optional<std::string> content_of(const system::FileDescriptor& file, std::uint64_t most);

}  // namespace workbook::grading
