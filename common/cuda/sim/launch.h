#pragma once
/// One launch of a kernel, and what was counted of it.

#include <cstddef>

#include "common/cuda/evidence.h"
#include "common/cuda/include/workbook_sim/launch.h"

namespace workbook::cuda {

/// Whether this is dynamic shared memory, or among the local variables of threads.
bool is_of_blocks(std::uintptr_t address);

struct Launch {
  const char* kernel;
  dim3 grid, block;
  std::size_t dynamic_shared;
  void (*thread)(const void*);  ///< runs the kernel in one thread
  const void* arguments;
  std::size_t argument_bytes;
  std::size_t shared_limit;  ///< bytes of shared memory that a block of this kernel may use

  unsigned threads() const { return block.x * block.y * block.z; }
  std::uint64_t blocks() const { return std::uint64_t{grid.x} * grid.y * grid.z; }
};

/// Limits of the simulated device: those that GPUs have had for ten years, and the shared memory of an A100.
inline constexpr unsigned kMaxThreads = 1024;
inline constexpr std::size_t kSharedPerBlock = 48 * 1024, kSharedOptIn = 163 * 1024, kSharedPerSm = 164 * 1024;
inline constexpr int kMultiprocessors = 8;

/// Adds what one block counted.
void add_counts(CudaLaunch& to, const CudaLaunch& from);

}  // namespace workbook::cuda
