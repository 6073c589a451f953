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
  char type = 'f';                       ///< f file, d folder, l symbolic link, h hard link, c device, p pipe
  std::string target = "";               ///< of a link
  std::int64_t seconds = 1'700'000'000;  ///< since 1970, when it was changed
};

/// "zip", "zip-stored", "zip-encrypted", "tar", "tar.gz", "tar.bz2" or "tar.xz"; "raw.gz" and the like pack the content
/// of one entry.
std::string pack(const std::string& format, const std::vector<Packed>& entries);

/// A zip whose names are marked as UTF-8, as Windows and most platforms mark those that are not ASCII.
std::string marked_as_utf8(std::string zip);

/// A tar's header for first.cpp with an octal size field of its own, and a checksum that is right.
std::string tar_header(const std::string& octal, char type);

/// A zip of nothing but a directory, whose records are as small as can be.
std::string zip_directory(int records);

/// A zip whose entries all have the same packed bytes, which lie in it once. Nothing comes out of them.
std::string zip_of_nothing(const std::vector<std::string>& names, int kib);

std::string repeated(const std::string& bytes, int times);

}  // namespace workbook::grading
