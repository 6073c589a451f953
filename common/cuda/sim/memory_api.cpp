/// cudaMalloc, cudaFree, cudaMemcpy and what is like them.

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "common/cuda/sim/api_state.h"
#include "common/cuda/sim/async_copies.h"
#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/fault.h"
#include "common/cuda/sim/held_work.h"
#include "common/cuda/sim/memory.h"
#include "common/cuda/sim/shadow.h"
#include "common/cuda/sim/variables.h"

using namespace workbook;
using namespace workbook::cuda;

#define EXPORTED extern "C" __attribute__((visibility("default")))
#define PLACE __builtin_return_address(0)

namespace {

cudaError_t wrong(cudaError_t error, std::string text, std::initializer_list<const void*> places) {
  report(CudaFaultKind::wrong, std::move(text), places);
  return api_state().fail(error);
}

/// Kernels cannot call what only the host can: it would be a way for the host's data to a kernel.
void refuse_kernels(const char* function, const void* place) {
  if (Engine* engine = Engine::current())
    engine->fault(CudaFaultKind::crashed,
                  fmt::format("{{0}}: {} calls {}, which only the host can.", engine->who(), function), {place});
}

cudaError_t allocate(void** pointer, std::size_t bytes, const void* place) {
  refuse_kernels("cudaMalloc", place);
  ApiState& state = api_state();
  if (!pointer) return state.fail(cudaErrorInvalidValue);
  *pointer = nullptr;
  if (state.sticky != cudaSuccess) return state.sticky;
  if (bytes == 0) return cudaSuccess;
  if (!state.refuses(state.allocations_until_refusal)) *pointer = device_memory().allocate(bytes, place);
  return *pointer ? cudaSuccess : state.fail(cudaErrorMemoryAllocation);
}

cudaError_t release(void* pointer, const void* place) {
  refuse_kernels("cudaFree", place);
  land_copies(nullptr);
  if (!pointer) return cudaSuccess;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (!device_memory().contains(address))
    return wrong(cudaErrorInvalidValue, "{0}: cudaFree of a pointer that cudaMalloc did not give.", {place});
  Allocation* found = device_memory().find(address);
  if (!found || found->first != address)
    return wrong(
        cudaErrorInvalidValue,
        "{0}: cudaFree of a pointer into the middle of an allocation; expected the pointer that cudaMalloc gave.",
        {place});
  if (found->given_back)
    return wrong(cudaErrorInvalidValue, "{0}: cudaFree of memory that was freed already, {at1}.",
                 {place, found->freed_at});
  device_memory().give_back(*found, place);
  held_work().in_turn([found] { device_memory().free(*found); });
  return cudaSuccess;
}

bool on_device(const void* pointer) { return device_memory().contains(reinterpret_cast<std::uintptr_t>(pointer)); }

/// Why `bytes` from `pointer` are no live device memory; empty if they are.
std::string why_not_there(const void* pointer, std::size_t bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  const Allocation* found = device_memory().find(address);
  if (!found || address - found->first >= found->bytes + kPage) return "is in no allocation";
  if (found->given_back) return "was freed";
  if (address - found->first + bytes > found->bytes)
    return fmt::format("has {} bytes from there to the end of its allocation",
                       address - found->first >= found->bytes ? 0 : found->bytes - (address - found->first));
  return {};
}

struct Side {
  const char* name;  ///< "destination"
  const void* pointer;
  bool expect_device;
};

/// Whether a copy may go on; what is wrong is told.
bool check_side(const char* function, const Side& side, std::size_t bytes, const void* place) {
  if (!side.pointer) {
    wrong(cudaErrorInvalidValue,
          fmt::format("{{0}}: {}: the {} is a null pointer. Did cudaMalloc give it memory?", function, side.name),
          {place});
    return false;
  }
  if (on_device(side.pointer) != side.expect_device) {
    const bool sets = std::string_view(function).starts_with("cudaMemset");
    wrong(cudaErrorInvalidValue,
          fmt::format("{{0}}: {}: {}the {} is on the {}, but it is a pointer of the {}. The order is: {}.", function,
                      sets ? "" : "by its direction ", side.name, side.expect_device ? "device" : "host",
                      side.expect_device ? "host" : "device",
                      sets ? "pointer, value, bytes" : "to, from, bytes, direction"),
          {place});
    return false;
  }
  if (!side.expect_device) return true;
  const std::string why = why_not_there(side.pointer, bytes);
  if (why.empty()) return true;
  wrong(cudaErrorInvalidValue,
        fmt::format("{{0}}: {} of {} bytes: the {} {}. Sizes are in bytes, not elements.", function, bytes, side.name,
                    why),
        {place});
  return false;
}

bool is_pinned(const void* pointer) {
  const auto& pinned = api_state().pinned;
  const auto after = pinned.upper_bound(reinterpret_cast<std::uintptr_t>(pointer));
  return after != pinned.begin() &&
         reinterpret_cast<std::uintptr_t>(pointer) - std::prev(after)->first < std::prev(after)->second;
}

void move_on_device(void* to, const void* from, std::size_t bytes) {
  const DeviceAccess access;
  std::memmove(to, from, bytes);
  global_shadow().set_copied(reinterpret_cast<std::uintptr_t>(to), reinterpret_cast<std::uintptr_t>(from), bytes);
}

cudaError_t copy(const char* function, void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                 const void* place, bool async = false, cudaStream_t stream = nullptr) {
  refuse_kernels(function, place);
  ApiState& state = api_state();
  land_copies(stream);
  if (state.sticky != cudaSuccess) return state.sticky;
  if (bytes == 0) return cudaSuccess;
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return state.fail(cudaErrorInvalidMemcpyDirection);
  const bool to_device =
      kind == cudaMemcpyDefault ? on_device(to) : kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device =
      kind == cudaMemcpyDefault ? on_device(from) : kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (!check_side(function, {"destination", to, to_device}, bytes, place) ||
      !check_side(function, {"source", from, from_device}, bytes, place))
    return cudaErrorInvalidValue;
  const AsyncCopy asked{function, stream, to, from, bytes, to_device, place};
  if (from_device && !to_device && !held_work().holds())
    if (!check_results(asked)) return cudaErrorInvalidValue;
  if (!to_device && !from_device)
    std::memmove(to, from, bytes);
  else if (to_device && from_device)
    held_work().in_turn([=] { move_on_device(to, from, bytes); });
  else if (async && is_pinned(to_device ? from : to))
    postpone(asked);
  else
    carry_out(asked);
  return cudaSuccess;
}

cudaError_t set(const char* function, void* pointer, int value, std::size_t bytes, const void* place) {
  refuse_kernels(function, place);
  ApiState& state = api_state();
  if (state.sticky != cudaSuccess) return state.sticky;
  if (bytes == 0) return cudaSuccess;
  if (!check_side(function, {"destination", pointer, true}, bytes, place)) return cudaErrorInvalidValue;
  held_work().in_turn([=, &state] {
    const DeviceAccess access;
    std::memset(pointer, value, bytes);
    state.wrote(pointer, bytes, value != 0 && state.call != 0, place);  // zeros are where many sums begin
  });
  return cudaSuccess;
}

}  // namespace

/// The worker's own: this memory holds an argument of that shape.
EXPORTED void workbook_cuda_argument(void* pointer, const std::int64_t* shape, std::size_t axes,
                                     std::size_t element_bytes) {
  Allocation* found = device_memory().find(reinterpret_cast<std::uintptr_t>(pointer));
  if (!found) return;
  found->shape.assign(shape, shape + axes);
  found->element_bytes = element_bytes;
}

EXPORTED cudaError_t cudaMalloc(void** pointer, size_t bytes) { return allocate(pointer, bytes, PLACE); }
EXPORTED cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t) {
  return allocate(pointer, bytes, PLACE);
}
EXPORTED cudaError_t cudaFree(void* pointer) { return release(pointer, PLACE); }
EXPORTED cudaError_t cudaFreeAsync(void* pointer, cudaStream_t) { return release(pointer, PLACE); }

EXPORTED cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  *pointer = std::malloc(bytes);
  if (!*pointer) return api_state().fail(cudaErrorMemoryAllocation);
  api_state().pinned[reinterpret_cast<std::uintptr_t>(*pointer)] = bytes;
  return cudaSuccess;
}
EXPORTED cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned) { return cudaMallocHost(pointer, bytes); }
EXPORTED cudaError_t cudaFreeHost(void* pointer) {
  if (!pointer) return cudaSuccess;
  land_copies(nullptr);
  if (api_state().pinned.erase(reinterpret_cast<std::uintptr_t>(pointer)) == 0)
    return wrong(cudaErrorInvalidValue, "{0}: cudaFreeHost of a pointer that cudaMallocHost did not give.", {PLACE});
  std::free(pointer);
  return cudaSuccess;
}

EXPORTED cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return copy("cudaMemcpy", to, from, bytes, kind, PLACE);
}
EXPORTED cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                                     cudaStream_t stream) {
  return copy("cudaMemcpyAsync", to, from, bytes, kind, PLACE, true, stream);
}
EXPORTED cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                                  size_t height, cudaMemcpyKind kind) {
  if (width > to_pitch || width > from_pitch) return api_state().fail(cudaErrorInvalidPitchValue);
  for (size_t row = 0; row < height; ++row)
    if (const cudaError_t error = copy("cudaMemcpy2D", static_cast<char*>(to) + row * to_pitch,
                                       static_cast<const char*>(from) + row * from_pitch, width, kind, PLACE))
      return error;
  return cudaSuccess;
}
EXPORTED cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  return set("cudaMemset", pointer, value, bytes, PLACE);
}
EXPORTED cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t) {
  return set("cudaMemsetAsync", pointer, value, bytes, PLACE);
}

EXPORTED cudaError_t workbook_cuda_copy_symbol(void* symbol, size_t symbol_bytes, void* other, size_t bytes,
                                               size_t offset, int to_symbol) {
  if (offset + bytes > symbol_bytes)
    return wrong(
        cudaErrorInvalidValue,
        fmt::format("{{0}}: a copy of {} bytes at offset {} of a symbol that has {}.", bytes, offset, symbol_bytes),
        {PLACE});
  refuse_kernels("cudaMemcpyToSymbol or cudaMemcpyFromSymbol", PLACE);
  if (bytes == 0) return cudaSuccess;
  void *const at = static_cast<char*>(symbol) + offset, *from = to_symbol ? other : at, *to = to_symbol ? at : other;
  HeldWork& work = held_work();
  std::shared_ptr<HeldBytes> kept;
  if (work.holds() && !on_device(other)) {
    if (to_symbol)
      from = (kept = HeldWork::keep(other, bytes))->data();
    else
      to = work.promise({static_cast<std::byte*>(other), bytes});
  }
  work.in_turn([=, kept = kept, place = PLACE] {  // with tickets as they are: a variable is no way for an input
    {
      const DeviceAccess access;  // the other side may be on the device, too
      std::memcpy(to, from, bytes);
    }
    variables().copied(reinterpret_cast<std::uintptr_t>(at), bytes, to_symbol && on_device(other), place);
    if (on_device(other))
      api_state().wrote(other, to_symbol ? 0 : bytes, false, place);
    else if (api_state().call != 0 && !to_symbol)
      note_copied(to, bytes, false);
  });
  return cudaSuccess;
}
