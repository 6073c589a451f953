#pragma once
/// From addresses in a plugin to lines of the student's file.

#include <cstdint>
#include <span>
#include <string>

namespace workbook {

/// "grouped_query.cpp:17" for the first of the addresses that lies in the implementation's own file, by addr2line;
/// empty if there is none or the tool is missing.
std::string source_location(const std::string& plugin, std::span<const std::uint64_t> offsets);

/// Whether two stacks of calls, the innermost first, are the same lines of the source, inlined calls included. An
/// optimiser may make two calls of one. True if the tool is missing.
bool same_source_lines(const std::string& plugin, std::span<const std::uint64_t> calls,
                       std::span<const std::uint64_t> others);

}  // namespace workbook
