#pragma once

#include "reverse.cuh"

namespace workbook {

__global__ void double_it(const float* x, float* y, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) y[i] = 2 * x[i];
}

inline void launch_double(const float* x, float* y, int n) { double_it<<<(n + 31) / 32, 32>>>(x, y, n); }

}  // namespace workbook
