#include "cuda_softmax.h"

#include <cmath>
#include <memory>
#include <set>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_softmax;

namespace {

constexpr unsigned kAllLanes = 0xffffffff;

struct Free {
  void operator()(float* gmem) const { cudaFree(gmem); }
};
using DeviceFloats = std::unique_ptr<float[], Free>;  // frees itself, also when something throws

DeviceFloats allocate(std::int64_t count) {
  float* gmem = nullptr;
  check(cudaMalloc(&gmem, count * sizeof(float)));
  return DeviceFloats(gmem);
}

/// Has `launch(x_gmem, y_gmem)` compute y from x on the device. @returns y
template <class Launch>
Tensor on_device(const Tensor& x, Launch launch) {
  Tensor y(x.shape());
  if (x.size() == 0) return y;  // a launch of no blocks is an error
  const std::size_t bytes = x.size() * sizeof(float);
  const DeviceFloats x_gmem = allocate(x.size());
  const DeviceFloats y_gmem = allocate(x.size());
  check(cudaMemcpy(x_gmem.get(), x.data(), bytes, cudaMemcpyHostToDevice));
  launch(x_gmem.get(), y_gmem.get());
  check(cudaGetLastError());  // a launch returns nothing: whether it was accepted has to be asked
  check(cudaMemcpy(y.data(), y_gmem.get(), bytes, cudaMemcpyDeviceToHost));  // waits until the kernel is done
  return y;
}

/// How many blocks of `per_block` it takes to hold `count`: the last one may not be full.
int blocks_for(std::int64_t count, int per_block) { return static_cast<int>((count + per_block - 1) / per_block); }

__host__ __device__ inline Walk walk_of(Mapping mapping, int block, int thread) {
  if (mapping == Mapping::thread_per_row) return {block * kBlock + thread, 0, 1};
  if (mapping == Mapping::block_per_row) return {block, thread, kBlock};
  return {block * (kBlock / kWarp) + thread / kWarp, thread % kWarp, kWarp};
}

__global__ void scale_kernel(const float* __restrict__ x_gmem, float* __restrict__ y_gmem, float factor,
                             std::int64_t count) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kBlock + threadIdx.x;
  if (i < count) y_gmem[i] = factor * x_gmem[i];
}

// What a thread does on its walk along a row is the same in all three kernels. They differ in how threads that share a
// row learn of each other's results.

__device__ float largest_of(const float* row_gmem, int cols, Walk mine) {
  float largest = -INFINITY;  // and that is also what a thread without columns has found
  for (int j = mine.first; j < cols; j += mine.stride) largest = fmaxf(largest, row_gmem[j]);
  return largest;
}

__device__ float sum_of_exponentials(const float* row_gmem, int cols, Walk mine, float shift) {
  float sum = 0;
  for (int j = mine.first; j < cols; j += mine.stride) sum += expf(row_gmem[j] - shift);
  return sum;
}

__device__ void write_weights(const float* row_gmem, float* weights_gmem, int cols, Walk mine, float shift, float sum) {
  for (int j = mine.first; j < cols; j += mine.stride)
    weights_gmem[j] = sum == 0 ? 0 : expf(row_gmem[j] - shift) / sum;  // sum is 0 only if all is masked
}

/// What to take off: the largest logit, or 0 if that is not finite, so that -inf - shift is -inf and never NaN.
__device__ float shift_for(float largest) { return isfinite(largest) ? largest : 0; }

struct Max {
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};
struct Sum {
  __device__ float operator()(float a, float b) const { return a + b; }
};

__global__ void __launch_bounds__(kBlock)
    thread_per_row_kernel(const float* __restrict__ x_gmem, float* __restrict__ y_gmem, int rows, int cols) {
  const Walk mine = walk_of(Mapping::thread_per_row, blockIdx.x, threadIdx.x);
  if (mine.row >= rows) return;
  const float* row_gmem = x_gmem + std::int64_t{mine.row} * cols;
  const float shift = shift_for(largest_of(row_gmem, cols, mine));
  const float sum = sum_of_exponentials(row_gmem, cols, mine, shift);
  write_weights(row_gmem, y_gmem + std::int64_t{mine.row} * cols, cols, mine, shift, sum);
}

/// What `combine` makes of the `mine` of all threads of the block, in each of them. Uses values_smem[0, kBlock).
template <class Combine>
__device__ float over_block(float mine, float* values_smem, Combine combine) {
  const int t = threadIdx.x;
  values_smem[t] = mine;
  __syncthreads();  // all have written, before anyone reads another's
  for (int half = kBlock / 2; half > 0; half /= 2) {
    if (t < half) values_smem[t] = combine(values_smem[t], values_smem[t + half]);
    __syncthreads();  // not inside the if: it waits for every thread of the block
  }
  const float all = values_smem[0];
  __syncthreads();  // all have read, before anyone writes the next values
  return all;
}

__global__ void __launch_bounds__(kBlock)
    block_per_row_kernel(const float* __restrict__ x_gmem, float* __restrict__ y_gmem, int cols) {
  extern __shared__ float values_smem[];  // [kBlock]
  const Walk mine = walk_of(Mapping::block_per_row, blockIdx.x, threadIdx.x);
  const float* row_gmem = x_gmem + std::int64_t{mine.row} * cols;
  const float shift = shift_for(over_block(largest_of(row_gmem, cols, mine), values_smem, Max{}));
  const float sum = over_block(sum_of_exponentials(row_gmem, cols, mine, shift), values_smem, Sum{});
  write_weights(row_gmem, y_gmem + std::int64_t{mine.row} * cols, cols, mine, shift, sum);
}

/// What `combine` makes of the `mine` of all lanes of the warp, in each of them.
template <class Combine>
__device__ float over_warp(float mine, Combine combine) {
  for (int distance = kWarp / 2; distance > 0; distance /= 2)
    mine = combine(mine, __shfl_xor_sync(kAllLanes, mine, distance));
  return mine;
}

__global__ void __launch_bounds__(kBlock)
    warp_per_row_kernel(const float* __restrict__ x_gmem, float* __restrict__ y_gmem, int rows, int cols) {
  const Walk mine = walk_of(Mapping::warp_per_row, blockIdx.x, threadIdx.x);
  if (mine.row >= rows) return;  // all lanes of a warp or none: they have the same row
  const float* row_gmem = x_gmem + std::int64_t{mine.row} * cols;
  const float shift = shift_for(over_warp(largest_of(row_gmem, cols, mine), Max{}));
  const float sum = over_warp(sum_of_exponentials(row_gmem, cols, mine, shift), Sum{});
  write_weights(row_gmem, y_gmem + std::int64_t{mine.row} * cols, cols, mine, shift, sum);
}

int rows_of(const Tensor& x) { return static_cast<int>(x.dim(0)); }
int cols_of(const Tensor& x) { return static_cast<int>(x.dim(1)); }

}  // namespace

Tensor cuda_softmax::scaled(const Tensor& x, float factor) {
  return on_device(x, [&](const float* x_gmem, float* y_gmem) {
    scale_kernel<<<blocks_for(x.size(), kBlock), kBlock>>>(x_gmem, y_gmem, factor, x.size());
  });
}

Walk cuda_softmax::walk(Mapping mapping, int block, int thread) { return walk_of(mapping, block, thread); }

int cuda_softmax::sectors_of_first_load(Mapping mapping, int cols) {
  constexpr int floats_of_a_sector = 8;
  std::set<std::int64_t> touched;
  for (int lane = 0; lane < kWarp; ++lane) {
    const Walk its = walk_of(mapping, 0, lane);
    if (its.first < cols) touched.insert((std::int64_t{its.row} * cols + its.first) / floats_of_a_sector);
  }
  return static_cast<int>(touched.size());
}

Tensor cuda_softmax::softmax_thread_per_row(const Tensor& logits) {
  return on_device(logits, [&](const float* x_gmem, float* y_gmem) {
    const int rows = rows_of(logits), cols = cols_of(logits);
    thread_per_row_kernel<<<blocks_for(rows, kBlock), kBlock>>>(x_gmem, y_gmem, rows, cols);
  });
}

Tensor cuda_softmax::softmax_block_per_row(const Tensor& logits) {
  return on_device(logits, [&](const float* x_gmem, float* y_gmem) {
    const std::size_t shared_bytes = kBlock * sizeof(float);
    block_per_row_kernel<<<rows_of(logits), kBlock, shared_bytes>>>(x_gmem, y_gmem, cols_of(logits));
  });
}

Tensor cuda_softmax::softmax_warp_per_row(const Tensor& logits) {
  return on_device(logits, [&](const float* x_gmem, float* y_gmem) {
    const int rows = rows_of(logits), cols = cols_of(logits);
    warp_per_row_kernel<<<blocks_for(rows, kBlock / kWarp), kBlock>>>(x_gmem, y_gmem, rows, cols);
  });
}
