#pragma once
/// SHA-256 (FIPS 180-4), for names of contents that even a forger cannot share.

#include <string>
#include <string_view>

namespace workbook::system {

/// The digest in hexadecimal, 64 digits. Time O(content).
std::string sha256(std::string_view content);

}  // namespace workbook::system
