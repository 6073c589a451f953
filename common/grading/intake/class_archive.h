#pragma once
/// The archive of a whole class, which a learning platform or an instructor packed.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/grading/intake/intake.h"
#include "common/system/file_descriptor.h"

namespace workbook::grading {

struct UnpackedClass {
  fs::path folder;                             ///< has one entry or more per student
  std::map<std::string, std::string> refused;  ///< by entry: why all of its student's are refused
};

/// Unpacks it to `into`, a folder of ours alone; what is left out is told in `remarks`. Nobody has more of it than
/// `limits.class_share` bytes and `limits.entries` entries: what one student has beyond them does not count.
/// @param name the archive's own: of the student, if it holds no class but what one student handed in
/// @throws Refused if it cannot be read
UnpackedClass unpack_class(system::FileDescriptor file, const std::string& name, const fs::path& into,
                           const AllowedFiles& allowed, const IntakeLimits& limits, std::vector<std::string>& remarks);

}  // namespace workbook::grading
