#pragma once
/// A folder that is gone when its owner is.

#include <filesystem>
#include <system_error>
#include <utility>

namespace workbook::system {

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

}  // namespace workbook::system
