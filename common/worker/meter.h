#pragma once
/// Counts the heap: every byte that malloc and its family, new, Eigen or mmap give out in this process.
///
/// meter.cpp defines those functions over glibc's own; meter_off.cpp, for sanitizer builds, counts nothing.

#include <cstddef>
#include <cstdint>

namespace workbook::meter {

/// Whether this build counts at all.
bool is_on();

std::int64_t live_bytes();
std::int64_t peak_bytes();    ///< most live at once since reset_peak()
std::uint64_t allocations();  ///< since the start
void reset_peak();

/// A limit that a worker does not set: its memory is counted and not limited.
inline constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

/// From now on a request that would bring the live bytes above `bytes` calls `refuse`, which does not return.
void set_limit(std::int64_t bytes, void (*refuse)(std::uint64_t asked));

}  // namespace workbook::meter
