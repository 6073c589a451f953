#pragma once
/// Folders that are gone when their owners are.

#include <filesystem>
#include <system_error>
#include <utility>

#include "common/system/file_descriptor.h"

namespace workbook::system {

/// A folder at a given path, empty at first.
class TemporaryFolder {
 public:
  /// @throws std::filesystem::filesystem_error if it cannot be made.
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A fresh folder for us alone; gone when this is destroyed. Those that a killed program left behind are removed when
/// the next one is made.
class ScratchFolder {
 public:
  ScratchFolder();  ///< @throws system::Error if there is no place for it
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  FileDescriptor lock_;
};

/// Holds a lock file, which it makes if need be; a descriptor of -1 if somebody else holds it. The holder may remove
/// the file before it lets go.
FileDescriptor try_lock(const std::filesystem::path& file);

}  // namespace workbook::system
