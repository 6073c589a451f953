#pragma once
/// Lets functions compiled once report what they read, when somebody counts reads (the `count` flavour).

#include <cstdint>

namespace workbook {

/// Told the first address of an operand and how many bytes of it are read, repetitions included.
using ReadHook = void (*)(const void* operand, std::uint64_t bytes);

/// Null unless set by set_read_hook().
ReadHook read_hook();
void set_read_hook(ReadHook hook);

}  // namespace workbook
