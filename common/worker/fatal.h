#pragma once
/// The worker's last words: a crash, a refused allocation or a deadline, with the place in the plugin.

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/worker/stack.h"

namespace workbook::fatal {

/// Where to write the one Fatal frame.
void set_channel(int fd);

/// Installs the handlers; afterwards a fatal signal is told and ends the process. `stack` is where the implementation
/// runs, to tell an overflow from another fault.
void install(const MeasuredStack* stack);

/// Where the plugin lies in memory, for offsets in the call stack.
void set_plugin_range(std::uintptr_t first, std::uintptr_t last);

/// Who asks for the running thread of a kernel; null if nobody knows.
void set_who_runs(void (*who_runs)(char* to, std::size_t room));

/// Tells that an allocation of `asked` bytes went over the limit, and ends the process.
[[noreturn]] void out_of_memory(std::uint64_t asked);

/// Tells that two threads use the same memory at once, and ends the process. `accesses`: for each of the two, where in
/// memory its instruction lies, or the call in the plugin that led to it.
[[noreturn]] void data_race(std::span<const std::uintptr_t> accesses);

/// Whether an address is in the plugin.
bool is_in_plugin(std::uintptr_t address);

}  // namespace workbook::fatal
