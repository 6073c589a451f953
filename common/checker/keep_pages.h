#pragma once
/// What lets a worker keep what its calls free (Limits::keep_pages), as a variable of its environment.

namespace workbook {

/// Freed blocks below 64 MiB stay. Without the cache of small ones, what an aligned block leaves over is joined to it.
inline constexpr const char* kKeepPages =
    "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=67108864:"
    "glibc.malloc.trim_threshold=1073741824:glibc.malloc.tcache_count=0";

}  // namespace workbook
