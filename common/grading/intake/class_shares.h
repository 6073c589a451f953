#pragma once
/// What each student may have of the archive of a class, so that nobody uses up the others' part.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/grading/intake/entry.h"
#include "common/grading/intake/intake.h"

namespace workbook::grading {

/// What one student has of it. Several entries beside each other may be one student's.
struct Share {
  std::string student;
  std::map<std::string, EntryKind> entries;
  std::uint64_t count = 0, bytes = 0;
  std::size_t left_out = 0;  ///< entries that a remark is due for; only the first of them have one
  bool exceeded = false;
};

class Shares {
 public:
  /// @param folder that the archive is unpacked to
  /// @param wrappers the folders in one another that hold all others
  Shares(fs::path folder, std::vector<std::string> wrappers, const IntakeLimits& limits);

  /// Counts an entry before it is unpacked. Of a share that it exceeds, everything is removed but the names.
  /// @param parts of its path
  /// @returns the share that it belongs to; nullptr if it is nobody's
  Share* count(const std::vector<std::string>& parts, EntryKind kind, std::uint64_t bytes);

  /// Why the entries of shares that were exceeded are refused, by their names in the folder of the class.
  std::map<std::string, std::string> refused() const;

  /// What is to be said of them, by the names that the students get.
  std::vector<std::string> remarks() const;

 private:
  Share& share_of(const Entry& entry);
  std::string reason() const;
  void clear(const Share& share, const fs::path& folder) const;

  fs::path folder_;
  std::vector<std::string> wrappers_;
  IntakeLimits limits_;
  std::map<std::pair<std::string, std::string>, Share> shares_;  ///< by platform and owner
  Entry last_;                                                   ///< most archives hold a student's entries together
  Share* of_last_ = nullptr;
};

}  // namespace workbook::grading
