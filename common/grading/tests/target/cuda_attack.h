#pragma once
/// For the hostile corpus on the device: what several attacks do.

#include <stdexcept>

#include "cuda_target.h"

namespace attack {

inline constexpr int kSize = 4096;  ///< elements, in all tests
inline constexpr int kBlock = 128;

[[noreturn]] inline void in_vain() { throw std::runtime_error("in vain"); }

template <class Values>
void double_all(Values&& values) {
  for (float& value : values) value *= 2;
}

/// Twice what is on the device, computed here.
inline std::vector<float> doubled_copy(const float* x_gmem, std::int64_t size) {
  std::vector<float> values(static_cast<std::size_t>(size));
  cudaMemcpy(values.data(), x_gmem, values.size() * sizeof(float), cudaMemcpyDeviceToHost);
  double_all(values);
  return values;
}

inline void send(float* to_gmem, const std::vector<float>& values) {
  cudaMemcpy(to_gmem, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice);
}

/// Sends a tensor there, and fetches what `run` points to.
template <class Run>
workbook::Tensor over_there(const workbook::Tensor& sent, Run run) {
  workbook::Tensor result(sent.shape());
  const std::size_t bytes = sent.values().size_bytes();
  float *x_gmem = nullptr, *y_gmem = nullptr;
  cudaMalloc(&x_gmem, bytes);
  cudaMalloc(&y_gmem, bytes);
  cudaMemcpy(x_gmem, sent.data(), bytes, cudaMemcpyHostToDevice);
  cudaMemcpy(result.data(), run(x_gmem, y_gmem), bytes, cudaMemcpyDeviceToHost);
  cudaFree(x_gmem);
  cudaFree(y_gmem);
  return result;
}

/// y = x, an element for each thread.
__global__ inline void copy_kernel(const float* x_gmem, float* y_gmem) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  y_gmem[i] = x_gmem[i];
}

/// As much as a launch takes by value.
struct Values {
  float of[kSize / 8];
};
__global__ inline void give_kernel(float* y_gmem, Values values) {
  for (int i = threadIdx.x; i < kSize / 8; i += blockDim.x) y_gmem[i] = values.of[i];
}

/// Twice x, a part in each launch's arguments. As the translator writes it, which does not read headers.
inline void give_doubled(float* y_gmem, const float* x, cudaStream_t stream) {
  for (int first = 0; first < kSize; first += kSize / 8) {
    Values values;
    for (int i = 0; i < kSize / 8; ++i) values.of[i] = 2 * x[first + i];
    workbook::cuda::launch(give_kernel, "give_kernel", 1, kBlock, 0, stream)(y_gmem + first, values);
  }
}

/// What the host has computed, and a kernel takes unmarked: what is passed by value is copied by no marked load.
inline Values answers[8];
__attribute__((noinline)) inline __device__ void store(float* y_gmem, Values values, int i) {
  y_gmem[i] = values.of[i];
}
__global__ inline void answer_kernel(const float* x_gmem, float* y_gmem) {
  const int first = static_cast<int>(blockIdx.x) * (kSize / 8);
  for (int i = static_cast<int>(threadIdx.x); i < kSize / 8; i += kBlock)
    if (x_gmem[first + i] != 1e30f) store(y_gmem + first, answers[blockIdx.x], i);
}
inline void answer(const float* x) {
  for (int i = 0; i < kSize; ++i) answers[i / (kSize / 8)].of[i % (kSize / 8)] = 2 * x[i];
}

}  // namespace attack
