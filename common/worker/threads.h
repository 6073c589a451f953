#pragma once
/// The threads of a process, as the kernel tells of them in /proc.

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace workbook {

/// Those that are ending are left out: a joined thread is listed for a moment longer.
struct Threads {
  bool first = false;        ///< the one that the process began with
  std::uint32_t others = 0;  ///< those that it started
  bool runnable = false;     ///< one of all computes, or would if the machine gave it a processor, memory or its disk
};

/// @returns nothing where /proc does not show the process: in a sandbox, or when it is gone
std::optional<Threads> threads_of(pid_t process);

}  // namespace workbook
