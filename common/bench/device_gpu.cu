// What only a GPU has: cuBLAS, and bursts that measure what it can do. Not for the simulator.

#include <cublas_v2.h>

#include <stdexcept>
#include <string>

#include "common/bench/device.h"
#include "common/cuda/check.h"

namespace workbook::bench {

namespace {

using attention_layer::Ceiling;

constexpr int kThreads = 256;  // of a block
constexpr int kRounds = 1 << 13;
constexpr int kChains = 8;  // hide a fused multiply-add's latency
constexpr std::size_t kRead = std::size_t{1} << 30;

void check_blas(cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw std::runtime_error(std::string("cuBLAS: ") + cublasGetStatusString(status));
}

cublasHandle_t handle() {
  static const cublasHandle_t made = [] {
    cublasHandle_t fresh = nullptr;
    check_blas(cublasCreate(&fresh));
    check_blas(cublasSetMathMode(fresh, CUBLAS_PEDANTIC_MATH));  // float32 products, sums in float32
    return fresh;
  }();
  return made;
}

/// Multiplies and adds; the store, which never happens, keeps the compiler from dropping it all.
__global__ void __launch_bounds__(kThreads) multiply_add_kernel(float* sink_gmem, float factor) {
  float chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = threadIdx.x + i;
  for (int round = 0; round < kRounds; ++round) {
#pragma unroll
    for (int i = 0; i < kChains; ++i) chain[i] = fmaf(chain[i], factor, 1.0f);
  }
  float sum = 0;
  for (int i = 0; i < kChains; ++i) sum += chain[i];
  if (sum < 0) *sink_gmem = sum;
}

__global__ void __launch_bounds__(kThreads)
    read_kernel(const float4* __restrict__ from_gmem, std::size_t count, float* sink_gmem) {
  float sum = 0;
  const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    const float4 four = from_gmem[i];
    sum += four.x + four.y + four.z + four.w;
  }
  if (sum < 0) *sink_gmem = sum;
}

int multiprocessors() {
  int device = 0, count = 0;
  check(cudaGetDevice(&device));
  check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device));
  return count;
}

}  // namespace

void Device::multiply(const Product& p) {
  check_blas(cublasSetStream(handle(), stream()));
  const float add = p.add ? 1 : 0;
  // cuBLAS counts columns: what is row-major here is its transpose there, and c^T = b^T a^T.
  check_blas(cublasSgemmStridedBatched(handle(), p.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, CUBLAS_OP_N,
                                       static_cast<int>(p.columns), static_cast<int>(p.rows), static_cast<int>(p.inner),
                                       &p.scale, p.b.data, static_cast<int>(p.b.row_pitch), p.b.matrix_pitch, p.a.data,
                                       static_cast<int>(p.a.row_pitch), p.a.matrix_pitch, &add, p.c,
                                       static_cast<int>(p.c_row_pitch), p.c_matrix_pitch, static_cast<int>(p.batch)));
}

double Device::burst(Ceiling ceiling) {
  const int blocks = 8 * multiprocessors();
  float* const sink_gmem = scratch(-1, 1);
  if (ceiling == Ceiling::arithmetic) {
    const double taken = seconds([&] {
      multiply_add_kernel<<<blocks, kThreads, 0, stream()>>>(sink_gmem, 0.999f);
      check(cudaGetLastError());
    });
    return 2.0 * kChains * kRounds * kThreads * blocks / taken;
  }
  float* const from_gmem = scratch(-2, kRead / sizeof(float));
  check(cudaMemsetAsync(from_gmem, 0, kRead, stream()));
  const double taken = seconds([&] {
    read_kernel<<<blocks, kThreads, 0, stream()>>>(reinterpret_cast<float4*>(from_gmem), kRead / sizeof(float4),
                                                   sink_gmem);
    check(cudaGetLastError());
  });
  return static_cast<double>(kRead) / taken;
}

}  // namespace workbook::bench
