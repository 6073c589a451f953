/// What a watched access did wrong, in words.

#include <fmt/format.h>

#include "common/cuda/sim/engine.h"
#include "common/cuda/sim/memory.h"
#include "common/cuda/sim/symbols.h"
#include "common/cuda/sim/variables.h"

namespace workbook::cuda {
namespace {

const char* verb(AccessKind kind) { return kind.atomic ? "updates" : kind.write ? "writes" : "reads"; }

}  // namespace

void Watch::report_misaligned(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
  engine_.fault(
      CudaFaultKind::crashed,
      fmt::format("{{0}}: {} {} {} bytes at an address that is not a multiple of {} (it is {} bytes past one). "
                  "A float4 may only lie at every fourth float, and so on.",
                  engine_.who(), verb(kind), bytes, bytes, address % bytes),
      {place});
}

/// What to look at: threads that are left over in the last block, or a grid that is not the tensor's.
std::string Watch::leftover_text(const Allocation& allocation, std::size_t at, unsigned bytes) const {
  const Launch& launch = engine_.launch();
  const uint3 block = engine_.block_index();
  const bool last_block = (launch.grid.x > 1 && block.x + 1 == launch.grid.x) ||
                          (launch.grid.y > 1 && block.y + 1 == launch.grid.y) ||
                          (launch.grid.z > 1 && block.z + 1 == launch.grid.z) || launch.blocks() == 1;
  constexpr std::size_t kWidest = 16;
  const bool near = at < allocation.bytes + launch.threads() * kWidest;
  const bool more_threads = launch.threads() * launch.blocks() * bytes > allocation.bytes;
  if (last_block && near && more_threads && engine_.thread().number > 0)
    return " Does every thread check its index against the size? The last block has threads left over.";
  return fmt::format(" Does every thread check its index against the size? The launch has {}.", launch_text());
}

std::string Watch::launch_text() const {
  const Launch& launch = engine_.launch();
  return fmt::format("a grid of ({}, {}, {}) blocks of ({}, {}, {}) threads", launch.grid.x, launch.grid.y,
                     launch.grid.z, launch.block.x, launch.block.y, launch.block.z);
}

/// Nothing exists there, or no longer.
void Watch::report_missing(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
  if (!device_memory().contains(address)) report_past_shared(address, bytes, kind, place);
  const Allocation* near = device_memory().find(address);
  const std::string start = fmt::format("{{0}}: {} {} {} bytes ", engine_.who(), verb(kind), bytes);
  if (!near)
    engine_.fault(CudaFaultKind::crashed,
                  start + "before the first allocation on the device. Can the index be negative?", {place});
  const std::size_t at = address - near->first;
  if (near->freed && at < near->bytes)
    engine_.fault(CudaFaultKind::crashed,
                  start + "of memory that was freed {at1}. Free it after the last kernel that uses it.",
                  {place, near->freed_at});
  engine_.fault(CudaFaultKind::crashed,
                fmt::format("{}at byte {} of an allocation of {} bytes, made {{at1}}{}.{}", start, at, near->bytes,
                            near->shape.empty() ? "" : ", an argument of shape " + near->shape_text(),
                            leftover_text(*near, at, bytes)),
                {place, near->place});
}

/// By a pointer: an index of the array itself is checked where it is used.
void Watch::report_past_shared(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
  const SharedVariable* variable = variables_.before(address - static_shared_);
  engine_.fault(
      CudaFaultKind::crashed,
      fmt::format("{{0}}: {} {} {} bytes {}.", engine_.who(), verb(kind), bytes,
                  variable ? fmt::format("at byte {} of {}, a __shared__ variable of {} bytes",
                                         address - static_shared_ - variable->offset, variable->name, variable->bytes)
                           : "of shared memory that belongs to no variable"),
      {place});
}

void Watch::check_limit(const SharedVariable& last) {
  const std::size_t used = variables_.used_bytes(), limit = engine_.launch().shared_limit;
  if (used <= kSharedPerBlock && used + dynamic_bytes_ <= limit) return;
  engine_.fault(
      CudaFaultKind::wrong,
      fmt::format(
          "kernel {} uses {} bytes in __shared__ variables, with those of the functions that it calls (the last "
          "one is {}, {} bytes){}; expected at most {}.",
          engine_.launch().kernel, used, last.name, last.bytes,
          dynamic_bytes_ > 0 ? fmt::format(", and {} bytes of dynamic shared memory", dynamic_bytes_) : "",
          used <= kSharedPerBlock ? limit : kSharedPerBlock),
      {});
}

void Watch::report_unwritten(std::uintptr_t address, Space space, const void* place) {
  if (space == Space::shared) {
    // Perhaps it is written a moment later, by a thread that comes after: then that write tells of the race.
    if (!unwritten_place_) {
      unwritten_ = fmt::format(
          "{{0}}: {} reads {}, which no thread of its block has written. It does not start "
          "at zero: write it first, every element that is read.",
          engine_.who(), name_of(address));
      unwritten_place_ = place;
    }
    return;
  }
  const Allocation* from = device_memory().find(address);
  engine_.fault(
      CudaFaultKind::wrong,
      fmt::format("{{0}}: {} reads byte {} of an allocation of {} bytes, which was never written (allocated at "
                  "{{1}}). Device memory does not start at zero.",
                  engine_.who(), address - from->first, from->bytes),
      {place, from->place});
}

void Watch::report_pending(std::uintptr_t address, AccessKind kind, const void* place) {
  const Thread* by = nullptr;
  const DeviceCopy* copy = engine_.copy_to(address, by);
  const int left = by ? by->groups_left : 0;
  const std::string first =
      left > 0 ? fmt::format(
                     "Its last wait has left the newest {} out, and this copy is in {}. Close "
                     "another group before the wait, an empty one where there is nothing to "
                     "copy, or wait for fewer to be left",
                     left == 1 ? "group" : fmt::format("{} groups", left), left == 1 ? "it" : "one of them")
               : "Wait first";
  engine_.fault(CudaFaultKind::wrong,
                fmt::format("{{0}}: {} {} {}, where the cp_async {{at1}} of {} has not arrived yet. {}: cp_async_wait "
                            "(cp.async.wait_group) in the thread that copies, then a __syncthreads() for the others.",
                            engine_.who(), verb(kind), name_of(address),
                            by ? engine_.thread_text(by->number) : std::string("a thread that has ended"), first),
                {place, copy ? copy->place : place});
}

/// "shared memory (tile, byte 132)"
std::string Watch::name_of(std::uintptr_t address) const {
  if (device_memory().contains(address)) {
    const Allocation* from = device_memory().find(address);
    return fmt::format("global memory (byte {} of {}{})", address - from->first, from->bytes,
                       from->shape.empty() ? ""
                                           : fmt::format(": element {} of an argument of shape {}",
                                                         from->element_text(address), from->shape_text()));
  }
  if (address - dynamic_shared_ < dynamic_bytes_)
    return fmt::format("dynamic shared memory (byte {})", address - dynamic_shared_);
  const std::size_t offset = address - static_shared_;
  const SharedVariable* variable = symbols_of(reinterpret_cast<const void*>(engine_.launch().thread)).shared_at(offset);
  if (!variable) return "shared memory";
  return fmt::format("shared memory ({}, byte {})", variable->name, offset - variable->offset);
}

/// Neither device nor shared memory, nor the thread's own.
/// Variables have words of their own, behind those of what is allocated.
constexpr std::uint32_t kVariables = DeviceMemory::kBytes / 4;

void Watch::elsewhere(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
  if (address - arguments_ < argument_bytes_ && !kind.write) return;
  if (address >= image_.first && address < image_.last) {  // __constant__ and __device__ data, literals
    const auto [host, of_kernels] = variables().access(Side::kernel, address, bytes, kind.write, place);
    if (of_kernels)
      record(site(Space::global, kind.write, bytes, place),
             kVariables + static_cast<std::uint32_t>((address - image_.first) >> 2));
    if (kind.atomic || kind.is_volatile)
      order_.tell(address & ~std::uintptr_t{3}, now_.thread, kind.atomic || !kind.write, kind.write);
    if (!host) return;
    engine_.fault(
        CudaFaultKind::wrong,
        fmt::format("{{0}}: {} reads a variable that the host has set {{at1}}. The device has one of its own: "
                    "set that with cudaMemcpyToSymbol.",
                    engine_.who()),
        {place, host});
  }
  const std::string start = fmt::format("{{0}}: {} {} {} bytes ", engine_.who(), verb(kind), bytes);
  if (address - dynamic_shared_ < Engine::kDynamic)
    engine_.fault(CudaFaultKind::crashed,
                  start + fmt::format("at byte {} of dynamic shared memory; the launch asked for {}. It is the third "
                                      "argument of <<<>>>, in bytes.",
                                      address - dynamic_shared_, dynamic_bytes_),
                  {place});
  constexpr std::size_t kJustBehind = 64 * 1024;
  if (address - static_shared_ < static_bytes_ + kJustBehind && variables_.before(address - static_shared_))
    report_past_shared(address, bytes, kind, place);
  if (address - engine_.stacks() < Engine::kStack * kMaxThreads)
    engine_.fault(
        CudaFaultKind::crashed,
        start + fmt::format("among the local variables of {}. A local variable belongs to one thread: share "
                            "through shared memory or shuffles.",
                            engine_.thread_text(static_cast<unsigned>((address - engine_.stacks()) / Engine::kStack))),
        {place});
  if (address < kPage)
    engine_.fault(CudaFaultKind::crashed, start + fmt::format("at address {}: a null pointer.", address), {place});
  engine_.fault(CudaFaultKind::crashed,
                start +
                    "of host memory, which a kernel cannot reach. Pass it what cudaMalloc gave, and copy with "
                    "cudaMemcpy.",
                {place});
}

}  // namespace workbook::cuda
