/// What the compiler calls before each access of an instrumented plugin (-fsanitize=thread, -fsanitize=bounds), whose
/// sanitizers' own runtimes are never linked.

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include "common/cuda/atomic_marks.h"
#include "common/cuda/sim/async_copies.h"
#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/memory.h"
#include "common/cuda/sim/plugin_image.h"
#include "common/cuda/sim/variables.h"
#include "common/tensor/read_hook.h"

namespace workbook::cuda {
namespace {

/// The host may touch nothing that a kernel has: neither through a pointer nor by a variable's name.
void host_access(std::uintptr_t address, unsigned bytes, bool write, const void* place) {
  check_host_access(address, write, place);
  const PluginImage& image = plugin_image_of(place);
  if (address >= image.first && address < image.last) {
    if (const void* kernel = variables().access(Side::host, address, bytes, write, place).other)
      report(CudaFaultKind::wrong,
             "{0}: the host reads a variable that a kernel has written {at1}. The device has one of its own: take it "
             "from there with cudaMemcpyFromSymbol.",
             {place, kernel});
  } else if (is_of_blocks(address)) {
    report(CudaFaultKind::crashed,
           fmt::format("{{0}}: the host {} shared or local memory of a block, which ends with the block.",
                       write ? "writes" : "reads"),
           {place});
  }
  DeviceMemory& memory = device_memory();
  if (!memory.contains(address)) return;
  report(CudaFaultKind::crashed,
         fmt::format("{{0}}: the host {} memory of the device through its pointer. Copy it with cudaMemcpy.",
                     write ? "writes" : "reads"),
         {place});
  commit(reinterpret_cast<void*>(address & ~(kPage - 1)), 16);  // goes on, so that the report arrives
}

/// Whether host code touches memory that is no business of the simulator's: nearly always.
inline bool is_ordinary(std::uintptr_t address, const void* place) {
  const PluginImage& image = plugin_image_of(place);
  return address - image.first >= image.last - image.first && !reserved.holds(address) && !copies_are_pending;
}

/// A little above the caller's frame are local variables of the running thread, which are nobody else's business.
inline bool is_local(const void* address, const void* frame) {
  constexpr std::uintptr_t kNear = 16 * 1024;
  return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(frame) < kNear;
}

template <unsigned kBytes, bool kWrite, bool kVolatile = false>
inline void access(const void* address, const void* place) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  Engine* engine = Engine::current();
  if (!engine) return is_ordinary(at, place) ? void() : host_access(at, kBytes, kWrite, place);
  if (!kWrite && engine->watch().read_again<kBytes>(at, place)) return;
  engine->watch().access(at, kBytes, {.write = kWrite, .is_volatile = kVolatile}, place);
}

/// Any number of bytes, in pieces that are aligned.
template <bool kWrite>
void access_range(const void* address, std::size_t bytes, const void* place) {
  auto at = reinterpret_cast<std::uintptr_t>(address);
  while (bytes > 0) {
    const std::size_t piece = at % 4 == 0 && bytes >= 4 ? 4 : at % 2 == 0 && bytes >= 2 ? 2 : 1;
    const auto one = piece == 4 ? access<4, kWrite> : piece == 2 ? access<2, kWrite> : access<1, kWrite>;
    one(reinterpret_cast<const void*>(at), place);
    at += piece;
    bytes -= piece;
  }
}

/// The workbook's products read whole matrices, and no access of theirs is marked.
void refuse_kernels(const void*, std::uint64_t) {
  if (Engine* engine = Engine::current())
    engine->fault(CudaFaultKind::crashed,
                  engine->who() + " calls what the workbook lends the host, and reads whole matrices with it.", {});
}

}  // namespace
}  // namespace workbook::cuda

using namespace workbook;
using namespace workbook::cuda;

#define EXPORTED extern "C" __attribute__((visibility("default")))
#define PLACE __builtin_return_address(0)
#define FRAME __builtin_frame_address(0)

#define WORKBOOK_ACCESS(name, size, ...)                                      \
  EXPORTED void name##size(void* address) {                                   \
    if (!is_local(address, FRAME)) access<size, __VA_ARGS__>(address, PLACE); \
  }
#define WORKBOOK_UNALIGNED(name, size, write)                                 \
  EXPORTED void name##size(void* address) {                                   \
    if (!is_local(address, FRAME)) access_range<write>(address, size, PLACE); \
  }
#define WORKBOOK_SIZE(size)                                \
  WORKBOOK_ACCESS(__tsan_read, size, false)                \
  WORKBOOK_ACCESS(__tsan_write, size, true)                \
  WORKBOOK_ACCESS(__tsan_volatile_read, size, false, true) \
  WORKBOOK_ACCESS(__tsan_volatile_write, size, true, true) \
  WORKBOOK_UNALIGNED(__tsan_unaligned_read, size, false)   \
  WORKBOOK_UNALIGNED(__tsan_unaligned_write, size, true)

WORKBOOK_SIZE(1)
WORKBOOK_SIZE(2)
WORKBOOK_SIZE(4)
WORKBOOK_SIZE(8)
WORKBOOK_SIZE(16)

EXPORTED void __tsan_read_range(void* address, long size) {
  access_range<false>(address, static_cast<std::size_t>(size), PLACE);
}
EXPORTED void __tsan_write_range(void* address, long size) {
  access_range<true>(address, static_cast<std::size_t>(size), PLACE);
}
EXPORTED void __tsan_init() {
  global_shadow().enable();
  set_read_hook(refuse_kernels);
}
EXPORTED void __tsan_func_entry(void*) {}
EXPORTED void __tsan_func_exit(void*) {}
EXPORTED void __tsan_vptr_update(void*, void*) {}
EXPORTED void __tsan_vptr_read(void*) {}

EXPORTED void* __wrap_memcpy(void* to, const void* from, std::size_t size) {
  access_range<false>(from, size, PLACE);
  access_range<true>(to, size, PLACE);
  return std::memcpy(to, from, size);
}
EXPORTED void* __wrap_memmove(void* to, const void* from, std::size_t size) {
  access_range<false>(from, size, PLACE);
  access_range<true>(to, size, PLACE);
  return std::memmove(to, from, size);
}
EXPORTED void* __wrap_memset(void* to, int value, std::size_t size) {
  access_range<true>(to, size, PLACE);
  return std::memset(to, value, size);
}

namespace {

// What -fsanitize=bounds passes (the layout is the compiler's).
struct SourceLocation {
  const char* file;
  std::uint32_t line, column;
};
struct TypeDescriptor {
  std::uint16_t kind, info;
  char name[1];
};
struct OutOfBounds {
  SourceLocation location;
  const TypeDescriptor* array;
  const TypeDescriptor* index;
};

}  // namespace

EXPORTED void __ubsan_handle_out_of_bounds(const OutOfBounds* data, std::uintptr_t index) {
  const unsigned bits = 1u << (data->index->info >> 1);
  const bool is_signed = data->index->info & 1;
  const long long shown = is_signed && bits == 32 ? static_cast<std::int32_t>(index) : static_cast<std::int64_t>(index);
  const std::string what = fmt::format("index {} is outside of an array of type {}.", shown, data->array->name);
  if (Engine* engine = Engine::current())
    engine->fault(CudaFaultKind::crashed, fmt::format("{{0}}: {}: {}", engine->who(), what), {PLACE});
  report(CudaFaultKind::crashed, "{0}: " + what, {PLACE});
}
EXPORTED void __ubsan_handle_out_of_bounds_abort(const OutOfBounds* data, std::uintptr_t index) {
  __ubsan_handle_out_of_bounds(data, index);
}
