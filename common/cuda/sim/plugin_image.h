#pragma once
/// Where the plugin whose kernel runs lies in memory.

#include <cstddef>
#include <cstdint>

namespace workbook::cuda {

struct PluginImage {
  std::uintptr_t first = 0, last = 0;
  std::uintptr_t shared = 0;  ///< its thread-local data on this core, which is static shared memory
  std::size_t shared_bytes = 0;

  /// How far static shared memory reaches: where dynamic memory follows it, in numbers.
  std::size_t shared_extent() const { return (shared_bytes + 127) & ~std::size_t{127}; }
};

/// The one that this thread has asked for last.
extern __attribute__((tls_model("initial-exec"), visibility("hidden"))) __thread PluginImage known_image;

/// Finds the plugin that holds `code`, and remembers it.
const PluginImage& find_plugin_image(const void* code);

inline const PluginImage& plugin_image_of(const void* code) {
  const auto at = reinterpret_cast<std::uintptr_t>(code);
  return at - known_image.first < known_image.last - known_image.first ? known_image : find_plugin_image(code);
}

}  // namespace workbook::cuda
