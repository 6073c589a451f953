#pragma once
/// The worker's last words: a crash, a refused allocation or a deadline, with the place in the plugin.

#include <cstddef>
#include <cstdint>

#include "common/worker/stack.h"

namespace workbook::fatal {

/// Installs the handlers; afterwards a fatal signal writes one Fatal frame to `fd` and ends the process. `stack` is
/// where the implementation runs, to tell an overflow from another fault; may be null.
void install(int fd, const MeasuredStack* stack);

/// Where the plugin lies in memory, for offsets in the call stack.
void set_plugin_range(std::uintptr_t first, std::uintptr_t last);

/// Who asks for the running thread of a kernel; null if nobody knows.
void set_who_runs(void (*who_runs)(char* to, std::size_t room));

/// Tells that an allocation of `asked` bytes went over the limit, and ends the process.
[[noreturn]] void out_of_memory(std::uint64_t asked);

}  // namespace workbook::fatal
