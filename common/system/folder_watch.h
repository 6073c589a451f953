#pragma once
/// Notice of what happens in folders, where the system gives it.

#include <filesystem>
#include <vector>

#include "common/system/file_descriptor.h"

namespace workbook::system {

/// Wakes whoever polls events() when a file in one of the folders may have been saved: written in place, moved there,
/// made, or removed. Network drives and those of another system under WSL give no notice, and neither does a system
/// that is short of watches: look at the files every second, too.
class FolderWatch {
 public:
  explicit FolderWatch(const std::vector<std::filesystem::path>& folders);

  /// To be polled; -1, which poll() passes over, where there is no notice at all.
  int events() const { return events_.get(); }

  /// Forgets what has happened so far. A folder that was removed or moved away, and made anew, is watched again.
  void clear();

 private:
  void watch();

  std::vector<std::filesystem::path> folders_;
  FileDescriptor events_;
};

}  // namespace workbook::system
