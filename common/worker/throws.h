#pragma once
/// Where exceptions come from: a worker stands between a plugin and __cxa_throw.

#include <cstdint>
#include <vector>

namespace workbook {

/// The return addresses of the calls that led to the last exception, by any thread, innermost first; then forgets them.
/// Null where nobody looks: in the checker's own process, with a sanitizer, and when grading, where no line is told.
std::vector<std::uintptr_t> take_last_throw() __attribute__((weak));

}  // namespace workbook
