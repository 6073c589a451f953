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

/// Nothing exists there, or no longer.
void Watch::report_missing(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
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
  const std::string bounds = fmt::format("{}at byte {} of an allocation of {} bytes", start, at, near->bytes);
  engine_.fault(CudaFaultKind::crashed,
                bounds +
                    ", made {at1}. Does every thread check its index against the size? The last block has "
                    "threads left over.",
                {place, near->place});
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
  engine_.fault(CudaFaultKind::wrong,
                fmt::format("{{0}}: {} {} {}, where the cp_async {{at1}} of {} has not arrived yet. Wait first: "
                            "cp_async_wait in the thread that copies, then a __syncthreads() for the others.",
                            engine_.who(), verb(kind), name_of(address),
                            by ? engine_.thread_text(by->number) : std::string("a thread that has ended")),
                {place, copy ? copy->place : place});
}

/// "shared memory (tile, byte 132)"
std::string Watch::name_of(std::uintptr_t address) const {
  if (device_memory().contains(address)) {
    const Allocation* from = device_memory().find(address);
    return fmt::format("global memory (byte {} of {})", address - from->first, from->bytes);
  }
  if (address - dynamic_shared_ < dynamic_bytes_)
    return fmt::format("dynamic shared memory (byte {})", address - dynamic_shared_);
  const std::size_t offset = address - static_shared_;
  const SharedVariable* variable = symbols_of(reinterpret_cast<const void*>(engine_.launch().thread)).shared_at(offset);
  if (!variable) return "shared memory";
  return fmt::format("shared memory ({}, byte {})", variable->name, offset - variable->offset);
}

void Watch::report_hazard(Hazard hazard, const Stamp& other, std::uintptr_t address, AccessKind kind,
                          const void* place) {
  const char* then = hazard == Hazard::write_after_read ? "read" : "written";
  const std::string start = fmt::format("{{0}}: {} {} a word of {} that ", engine_.who(), verb(kind), name_of(address));
  if (other.block != now_.block)
    engine_.fault(
        CudaFaultKind::wrong,
        start + fmt::format("was {} by another block of the same launch (block number {}, {}). Blocks run in "
                            "any order: let each write places of its own, or use an atomic or a second launch.",
                            then, other.block, engine_.thread_text(other.thread)),
        {place});
  const bool same_warp = other.thread / 32 == now_.thread / 32;
  const std::string who = other.thread == now_.thread ? "another lane of its warp" : engine_.thread_text(other.thread);
  const void* waits_at = engine_.barrier_of(other.thread);
  const bool passed_by = waits_at && waits_at < place && other.thread != now_.thread;
  engine_.fault(
      CudaFaultKind::wrong,
      start + fmt::format("{} has {} since the last barrier: a race. Put a __syncthreads() between the two{}.{}", who,
                          then,
                          same_warp ? "; if all that ever use the word are of one warp, a __syncwarp() is enough" : "",
                          passed_by ? fmt::format(" Or did this thread pass by the barrier {{at1}}, where {} "
                                                  "waits? A barrier in a branch is for nobody.",
                                                  engine_.thread_text(other.thread))
                                    : ""),
      {place, passed_by ? waits_at : place});
}

/// Neither device nor shared memory, nor the thread's own.
/// Variables have words of their own, behind those of what is allocated.
constexpr std::uint32_t kVariables = DeviceMemory::kBytes / 4;

void Watch::elsewhere(std::uintptr_t address, unsigned bytes, AccessKind kind, const void* place) {
  if (address - arguments_ < argument_bytes_ && !kind.write) return;
  if (address >= image_.first && address < image_.last) {  // __constant__ and __device__ data, literals
    const auto [host, of_kernels] = variables().access(Side::kernel, address, bytes, kind.write, place);
    if (of_kernels) record(Space::global, kVariables + ((address - image_.first) >> 2), bytes, kind.write, place);
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
