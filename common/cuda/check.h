#pragma once
/// The one way to call CUDA: `check(cudaMalloc(&x_gmem, bytes));` throws what CUDA would only have returned.
///
/// A launch returns nothing: `check(cudaGetLastError());` behind it throws if it was not accepted. For .cu files.

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

namespace workbook {

/// @throws std::runtime_error with CUDA's name and words for the error, and the line of the call
inline void check(cudaError_t error, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (error == cudaSuccess) return;
  const std::string path(file);
  throw std::runtime_error(path.substr(path.rfind('/') + 1) + ":" + std::to_string(line) + ": " +
                           cudaGetErrorName(error) + ": " + cudaGetErrorString(error));
}

}  // namespace workbook
