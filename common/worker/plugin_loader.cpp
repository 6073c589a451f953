#include "common/worker/plugin_loader.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>

#include "common/worker/meter.h"

extern "C" void* __tls_get_addr(std::size_t*);

namespace workbook {
namespace {

/// What loading itself may leave on the heap: the loader's notes of the plugin and of the libraries that come with it.
/// They are 8 to 10 KiB for plugins of the CPU and 12 KiB for those of the simulator, a few bytes more for each name.
constexpr std::int64_t kNotesOfTheLoader = 16 << 10;

void add_segment(LoadedPlugin& plugin, std::uintptr_t base, const ElfW(Phdr) & segment) {
  if (segment.p_type == PT_LOAD) {
    plugin.last = std::max(plugin.last, base + segment.p_vaddr + segment.p_memsz);
    if (segment.p_flags & PF_W) plugin.static_data += segment.p_memsz;
  }
  if (segment.p_type == PT_GNU_RELRO) plugin.static_data -= segment.p_memsz;  // written once, by the loader
  if (segment.p_type == PT_TLS) plugin.static_data += segment.p_memsz;
}

/// Gives this thread its copy of the plugin's thread-local data now; else the first call would be charged for it.
void allocate_thread_locals(void* handle) {
  std::size_t module = 0;
  if (dlinfo(handle, RTLD_DI_TLS_MODID, &module) != 0 || module == 0) return;
  std::size_t index[2] = {module, 0};
  __tls_get_addr(index);
}

void measure(LoadedPlugin& plugin) {
  link_map* map = nullptr;
  if (dlinfo(plugin.handle, RTLD_DI_LINKMAP, &map) != 0) return;
  plugin.first = map->l_addr;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* context) {
        auto& found = *static_cast<LoadedPlugin*>(context);
        if (info->dlpi_addr != found.first) return 0;
        for (int i = 0; i < info->dlpi_phnum; ++i) add_segment(found, info->dlpi_addr, info->dlpi_phdr[i]);
        return 1;
      },
      &plugin);
  allocate_thread_locals(plugin.handle);
}

}  // namespace

LoadedPlugin load_plugin(const std::string& path) {
  LoadedPlugin plugin;
  const std::int64_t before = meter::live_bytes();
  plugin.handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const std::int64_t left = meter::live_bytes() - before;
  if (!plugin.handle) {
    const char* why = dlerror();
    plugin.error = why ? why : "dlopen failed";
    return plugin;
  }
  const auto entry = reinterpret_cast<const PluginTable* (*)()>(dlsym(plugin.handle, kPluginEntry));
  if (!entry) {
    plugin.error = path + " is no plugin of the workbook: it has no " + kPluginEntry;
    return plugin;
  }
  plugin.table = entry();
  measure(plugin);
  plugin.static_data += static_cast<std::uint64_t>(std::max<std::int64_t>(left - kNotesOfTheLoader, 0));
  return plugin;
}

}  // namespace workbook
