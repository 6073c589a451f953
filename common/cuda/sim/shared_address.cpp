/// Addresses in shared memory as numbers of 32 bits, as PTX has them: static variables from 0 on, dynamic memory behind
/// them.

#include <fmt/format.h>

#include <algorithm>

#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/plugin_image.h"

using namespace workbook;
using namespace workbook::cuda;

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

struct SharedMemory {
  std::uintptr_t fixed, dynamic;
  std::size_t fixed_bytes;

  explicit SharedMemory(const Engine& engine) {
    const PluginImage& image = plugin_image_of(reinterpret_cast<const void*>(engine.launch().thread));
    fixed = image.shared;
    fixed_bytes = image.shared_extent();
    dynamic = reinterpret_cast<std::uintptr_t>(engine.dynamic_shared());
  }
};

}  // namespace

EXPORTED unsigned workbook_cuda_shared_address(const void* pointer) {
  Engine& engine = *Engine::current();
  const SharedMemory memory(engine);
  const auto at = reinterpret_cast<std::uintptr_t>(pointer);
  if (at - memory.fixed < memory.fixed_bytes) return static_cast<unsigned>(at - memory.fixed);
  if (at - memory.dynamic < Engine::kDynamic) return static_cast<unsigned>(memory.fixed_bytes + (at - memory.dynamic));
  engine.fault(
      CudaFaultKind::crashed,
      fmt::format("{{0}}: {} takes the address in shared memory of a pointer that points elsewhere: it expected "
                  "a __shared__ variable or extern __shared__ memory.",
                  engine.who()),
      {__builtin_return_address(0)});
}

EXPORTED void* workbook_cuda_shared_pointer(unsigned address) {
  const SharedMemory memory(*Engine::current());
  if (address < memory.fixed_bytes) return reinterpret_cast<void*>(memory.fixed + address);
  constexpr std::size_t kLastPage = Engine::kDynamic - 4096;  // never used
  const std::size_t offset = address - memory.fixed_bytes;
  return reinterpret_cast<void*>(memory.dynamic + (offset < kLastPage ? offset : kLastPage + offset % 4096));
}
