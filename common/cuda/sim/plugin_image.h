#pragma once
/// Where the plugin whose kernel runs lies in memory.

#include <cstddef>
#include <cstdint>

namespace workbook::cuda {

struct PluginImage {
  std::uintptr_t first = 0, last = 0;
  std::uintptr_t shared = 0;  ///< its thread-local data on this core, which is static shared memory
  std::size_t shared_bytes = 0;
};

/// Found again when `code` lies in another plugin.
PluginImage plugin_image_of(const void* code);

}  // namespace workbook::cuda
