#pragma once
/// Loading an implementation, and what memory it holds before its first call.

#include <cstdint>
#include <string>

#include "common/contract/plugin.h"

namespace workbook {

struct LoadedPlugin {
  const PluginTable* table = nullptr;
  void* handle = nullptr;
  std::uint64_t static_data = 0;       ///< writable static and thread-local bytes, and heap that its constructors hold
  std::uintptr_t first = 0, last = 0;  ///< where it lies in memory
  std::string error;                   ///< why it could not be loaded; else empty
};

/// Loads the shared library at `path`. Its static constructors run here. Does not throw for a bad library.
LoadedPlugin load_plugin(const std::string& path);

}  // namespace workbook
