#pragma once
/// Sizes and durations in words.

#include <string>

namespace workbook::system {

/// "512 bytes", "16 KiB", "1.5 MiB", "1.25 GiB": decimals only where the number is not whole.
std::string size_text(double bytes);

/// "12.3 us", "1.23 ms", "123 s": three digits.
std::string duration_text(double seconds);

}  // namespace workbook::system
