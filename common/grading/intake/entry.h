#pragma once
/// What folders and archives hold, and why something is not taken.

#include <cstdint>
#include <stdexcept>
#include <string>

namespace workbook::grading {

/// Why a submission cannot be used at all.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class EntryKind { file, folder, link, other };

/// What a folder lists.
struct Entry {
  std::string name;
  EntryKind kind = EntryKind::file;
  std::int64_t modified = 0;  ///< nanoseconds since 1970
};

}  // namespace workbook::grading
