#pragma once
/// What the runtime's functions remember between calls.

#include <map>
#include <mutex>
#include <set>

#include "common/cuda/evidence.h"
#include "common/cuda/include/workbook_sim/runtime_api.h"

struct CUstream_st {
  const void* place;  ///< where it was created,
  int call;           ///< and in which call; 0: by the caller, for the function to launch into
};
struct CUevent_st {
  double seconds = 0;
  bool recorded = false;
  cudaStream_t stream = nullptr;  ///< it was recorded there
};

namespace workbook::cuda {

struct ApiState {
  cudaError_t last = cudaSuccess;
  cudaError_t sticky = cudaSuccess;  ///< after a kernel's fault everything fails, as on a GPU
  CudaEvidence evidence;
  std::map<const void*, std::size_t> dynamic_limits;  ///< set by cudaFuncSetAttribute
  std::map<std::uintptr_t, std::size_t> pinned;
  std::set<cudaStream_t> streams;
  int calls = 0, call = 0;  ///< calls of the implementation so far, and the present one, 0 between two
  std::set<cudaEvent_t> events;
  const void* host_wrote_at = nullptr;  ///< where the implementation's host code has last written to the device

  std::uint32_t allocations_until_refusal = 0, launches_until_refusal = 0;  ///< 1: the next one fails; 0: none does

  /// Counts down. @returns whether this is the one that fails
  bool refuses(std::uint32_t& until_refusal) {
    if (until_refusal == 0 || --until_refusal > 0) return false;
    ++evidence.refused;
    return true;
  }
  /// Remembers an error for cudaGetLastError, and returns it.
  cudaError_t fail(cudaError_t error) {
    if (error != cudaSuccess) last = error;
    return error;
  }
  /// Bytes on the device are written, by no kernel: by the implementation's host code, or the caller's.
  void wrote(const void* first, std::size_t bytes, bool from_host, const void* place);
  void note_launch(const CudaLaunch& launch);
};

ApiState& api_state();

/// Bytes of dynamic shared memory that this kernel may be launched with.
std::size_t dynamic_shared_limit(const void* kernel);

}  // namespace workbook::cuda
