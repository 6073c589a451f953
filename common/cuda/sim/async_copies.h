#pragma once
/// Asynchronous copies between the device and page-locked host memory: they land when their stream goes on or is
/// waited for, so that a missing wait shows. With pageable memory a copy is not asynchronous, on a GPU either.

#include <cstddef>
#include <cstdint>

#include "common/cuda/include/workbook_sim/launch.h"

namespace workbook::cuda {

struct AsyncCopy {
  const char* function;  ///< by which it was asked for
  cudaStream_t stream;
  void* to;
  const void* from;
  std::size_t bytes;
  bool to_device;
  const void* place;
};

void postpone(const AsyncCopy& copy);
extern bool copies_are_pending;

/// Whether what goes back to the host is what kernels have stored; what is wrong is told.
bool check_results(const AsyncCopy& copy);

/// Moves the bytes between host and device, and takes note of them as the implementation's if it is in a call.
void carry_out(const AsyncCopy& copy);

/// Counts bytes that the implementation has its host code send to the device, or take from it.
void note_copied(const void* host_bytes, std::size_t bytes, bool to_device);

/// Lets the copies of this stream happen; with the default stream, all of them.
void land_copies(cudaStream_t stream);

/// The host touches this address: tells if a copy of it has not been waited for.
void check_host_access(std::uintptr_t address, bool write, const void* place);

}  // namespace workbook::cuda
