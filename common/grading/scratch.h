#pragma once
/// Folders that live as long as an object, and never much longer than the program.

#include <filesystem>
#include <string>

#include "common/system/file_descriptor.h"

namespace workbook::grading {

namespace fs = std::filesystem;

/// A fresh folder that everybody may enter and only we may change; gone when this is destroyed. Those that a killed
/// program left behind are removed when the next one is made.
class ScratchFolder {
 public:
  ScratchFolder();  ///< @throws system::Error if there is no place for it
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  system::FileDescriptor lock_;
};

/// Holds a lock file, which it makes if need be; a descriptor of -1 if somebody else holds it.
system::FileDescriptor try_lock(const fs::path& file);

}  // namespace workbook::grading
