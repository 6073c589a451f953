#pragma once
/// A crash in a student's words.

#include <cstdint>
#include <span>
#include <string>

namespace workbook {

/// "integer division by zero"
std::string reason_of(int signal, bool forbidden);

/// The claim that assert() or an assertion of the library printed last, as in "...: Assertion '__idx < size()'
/// failed.", in a clause to append. Empty if there is none.
std::string failed_assertion(const std::string& output);

/// What two threads did that raced. `accesses`: where in the plugin, as offsets.
std::string race_text(const std::string& plugin, std::span<const std::uint64_t> accesses);

}  // namespace workbook
