#pragma once
/// Files that are whole or absent, and locks between processes.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace workbook::system {

namespace fs = std::filesystem;

/// The whole file, or nothing when it cannot be read.
std::optional<std::string> read_file(const fs::path& path);

/// Writes to a temporary file beside `path`, syncs it and renames it, making folders as needed.
/// Whoever reads sees the old content or the new. @throws Error with the system's reason.
void write_atomically(const fs::path& path, std::string_view content);

/// A short fingerprint (64-bit FNV-1a, in hexadecimal): tells edited from unedited, not friend from foe.
std::string fingerprint(std::string_view content);

/// Now, as part of a file name: 20250131-235959.
std::string timestamp();

/// Holds the lock file `path` until destroyed. Says that it waits if another process has it.
class FileLock {
 public:
  /// @throws Error when the file cannot be made, Interrupted on Ctrl-C while waiting.
  explicit FileLock(const fs::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// From now on others may hold the lock too, if they share it.
  void share();

 private:
  int file_;
};

}  // namespace workbook::system
