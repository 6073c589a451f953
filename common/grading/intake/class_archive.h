#pragma once
/// The archive of a whole class, which a learning platform or an instructor packed.

#include <filesystem>
#include <string>
#include <vector>

#include "common/grading/intake/intake.h"
#include "common/system/file_descriptor.h"

namespace workbook::grading {

/// Unpacks it to `into`, a folder of ours alone; what is left out is told in `remarks`.
/// @param name the archive's own: of the student, if it holds no class but what one student handed in
/// @returns the folder that has one entry or more per student. @throws Refused if it cannot be read
fs::path unpack_class(system::FileDescriptor file, const std::string& name, const fs::path& into,
                      const AllowedFiles& allowed, IntakeLimits limits, std::vector<std::string>& remarks);

}  // namespace workbook::grading
