#include "common/cuda/sim/plugin_image.h"

#include <link.h>

#include <algorithm>

extern "C" void* __tls_get_addr(std::size_t*);

namespace workbook::cuda {
namespace {

struct Search {
  std::uintptr_t code;
  PluginImage image;
};

int visit(dl_phdr_info* info, std::size_t, void* context) {
  auto& search = *static_cast<Search*>(context);
  PluginImage image;
  image.first = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_LOAD)
      image.last = std::max(image.last, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
    if (segment.p_type == PT_TLS) image.shared_bytes = segment.p_memsz;
  }
  if (search.code < image.first || search.code >= image.last) return 0;
  if (image.shared_bytes > 0) {
    std::size_t index[2] = {info->dlpi_tls_modid, 0};
    image.shared = reinterpret_cast<std::uintptr_t>(__tls_get_addr(index));
  }
  search.image = image;
  return 1;
}

}  // namespace

__attribute__((tls_model("initial-exec"))) __thread PluginImage known_image;

const PluginImage& find_plugin_image(const void* code) {
  Search search{reinterpret_cast<std::uintptr_t>(code), {}};
  dl_iterate_phdr(visit, &search);
  return known_image = search.image;
}

}  // namespace workbook::cuda
