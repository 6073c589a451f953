#pragma once
/// Writes archives for tests, honest and hostile ones.

#include <filesystem>
#include <string>
#include <vector>

#include "common/grading/intake/intake.h"

namespace workbook::grading {

/// A folder that is gone at the end of the test.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const fs::path& path() const { return path_; }

  /// Writes a file into it, with its folders.
  fs::path write(const fs::path& name, const std::string& content) const;

 private:
  fs::path path_;
};

struct Packed {
  std::string path, content;
  char type = 'f';          ///< f file, d folder, l symbolic link, h hard link, c device, p pipe
  std::string target = "";  ///< of a link
};

/// "zip", "zip-stored", "zip-encrypted", "tar", "tar.gz", "tar.bz2" or "tar.xz".
std::string pack(const std::string& format, const std::vector<Packed>& entries);

}  // namespace workbook::grading
