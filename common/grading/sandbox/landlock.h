#pragma once
/// Landlock: this process and its children may use only the files named, whatever their owners allow.

#include <string>
#include <vector>

namespace workbook::grading {

/// Files below `read` may be read and executed, below `write` also made, changed and removed; nothing else may be
/// opened. Where the kernel can, also: no TCP, no signals and no abstract sockets to the outside.
/// @throws std::system_error if the kernel has no Landlock, or a path cannot be opened
void confine_to_files(const std::vector<std::string>& read, const std::vector<std::string>& write);

}  // namespace workbook::grading
