// What threads may do to one word without a barrier, and what they may not.
#include <cooperative_groups.h>

#include "faults.h"

using namespace workbook;

namespace {

__device__ float* tile_of(float* x) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  return tile;
}

/// Every lane of a warp stores `i / step` to its warp's word: one value for a step of 32 or more.
__global__ void one_word(float* x, int step) {
  __shared__ float first[2];
  const int i = threadIdx.x, warp = i / 32;
  first[warp] = static_cast<float>(i / step);
  __syncthreads();
  x[i] = first[1 - warp];
  x[128 + warp] = static_cast<float>(warp);
}

/// A sum over a warp as it was written before lanes could part.
template <bool kSync>
__global__ void volatile_sum(float* x) {
  __shared__ float values[64];
  volatile float* v = values;
  v[threadIdx.x] = x[threadIdx.x];
  v[threadIdx.x + 32] = 0;
  for (int distance = 16; distance > 0; distance /= 2) {
    if (kSync) __syncwarp();
    const float other = v[threadIdx.x + distance];
    if (kSync) __syncwarp();
    v[threadIdx.x] += other;
  }
  x[threadIdx.x] = values[threadIdx.x];
}

/// The largest of all, by the loop that NVIDIA's guide gives for atomics that there are not.
__device__ void atomic_max(float* address, float value) {
  int* bits = reinterpret_cast<int*>(address);
  int old = *bits, assumed;
  do {
    assumed = old;
    old = atomicCAS(bits, assumed, __float_as_int(fmaxf(value, __int_as_float(assumed))));
  } while (assumed != old);
}
__global__ void largest(float* x) { atomic_max(x, x[1 + (blockIdx.x * 64 + threadIdx.x) % 128]); }
__global__ void guesses(float* x, float* y) {
  atomicAdd(y, x[threadIdx.x]);
  if (*y > 3) x[threadIdx.x] = 1;
}

__global__ void reads_a_sum(float* x, float* y) {
  if (threadIdx.x == 0) atomicAdd(y, x[0]);
  if (threadIdx.x == 1) x[1] = *y;
}
/// In global memory, where a volatile may be a flag for other warps.
__global__ void volatile_in_global(volatile float* x) {
  x[threadIdx.x] = 1;
  x[threadIdx.x + 32] = x[threadIdx.x ^ 1];
}

enum class Fence { none, before, behind };

/// x[0] += 1 by every thread, in turn.
template <Fence kFence>
__global__ void counts(float* x, int* lock, int* other_lock) {
  int* mine = blockIdx.x == 0 ? lock : other_lock;
  while (atomicCAS(mine, 0, 1) != 0) {
  }
  __threadfence();
  x[0] += 1;
  if (kFence == Fence::before) __threadfence();
  atomicExch(mine, 0);
  if (kFence == Fence::behind) __threadfence();
}

/// Blocks leave partial sums; the last one adds them up, and clears what it has read.
template <Fence kFence>
__global__ void last_block(float* x, float* partial, unsigned* ticket) {
  __shared__ bool is_last;
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = x[blockIdx.x];
    if (kFence == Fence::before) __threadfence();
    is_last = atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1;
    if (kFence == Fence::behind) __threadfence();
  }
  __syncthreads();
  if (!is_last || threadIdx.x >= gridDim.x) return;
  const float one = partial[threadIdx.x];
  partial[threadIdx.x] = 0;
  atomicAdd(&x[255], one);
}

__device__ unsigned ticket_of_all;
template <Fence kFence>
__global__ void last_block_by_variable(float* x, float* partial) {
  __shared__ bool is_last;
  partial[blockIdx.x * blockDim.x + threadIdx.x] = x[threadIdx.x];
  if (kFence == Fence::before) __threadfence();  // each thread for itself, before the barrier
  __syncthreads();
  if (threadIdx.x == 0) is_last = atomicInc(&ticket_of_all, gridDim.x - 1) == gridDim.x - 1;
  __syncthreads();
  if (is_last) x[threadIdx.x] = partial[threadIdx.x] + partial[blockDim.x + threadIdx.x];
}

/// Each block waits for the one before it.
__global__ void chain(float* x, volatile int* ready) {
  if (blockIdx.x > 0) {
    while (ready[blockIdx.x - 1] == 0) {
    }
    __threadfence();
    x[blockIdx.x] += x[blockIdx.x - 1];
  }
  __threadfence();
  ready[blockIdx.x] = 1;
}

__global__ void active(float* x, int lanes, int from) {
  if (static_cast<int>(threadIdx.x) < lanes) {
    const unsigned mask = __activemask();
    x[threadIdx.x] = __shfl_sync(mask, static_cast<float>(__popc(mask)), from);
    assert(x[threadIdx.x] == lanes);
  }
  __syncwarp();  // where the others wait
}

/// Halves of a warp synchronise for themselves.
__global__ void tiles(float* x, int distance) {
  __shared__ float tile[32];
  const auto half = cooperative_groups::tiled_partition<16>(cooperative_groups::this_thread_block());
  tile[threadIdx.x] = x[threadIdx.x];
  half.sync();
  x[threadIdx.x] = tile[threadIdx.x ^ distance];
}

#define MEET __syncthreads()
#define MEET_IN_EITHER(condition, x, i) \
  if (condition)                        \
    x[i] = 1, MEET;                     \
  else                                  \
    x[i] = 2, MEET;

__global__ void by_macro(float* x, int lanes) {
  const int i = threadIdx.x;
  MEET_IN_EITHER(i < lanes, x, i)
}
__global__ void on_one_line(float* x, int lanes) {
  const int i = threadIdx.x;
  // clang-format off
  if (i < lanes) { x[i] = 1; MEET; } else { x[i] = 2; MEET; }
  // clang-format on
}
__device__ __noinline__ void meet(float* x, float value) {
  x[threadIdx.x] = value;
  __syncthreads();
}
__device__ __forceinline__ void meet_inline(float* x, float value) {
  x[threadIdx.x] = value;
  __syncthreads();
}
__global__ void by_function(float* x, int lanes) {
  if (static_cast<int>(threadIdx.x) < lanes)
    meet(x, 1);
  else
    meet(x, 2);
}
__global__ void by_inline_function(float* x, int lanes) {
  if (static_cast<int>(threadIdx.x) < lanes)
    meet_inline(x, 1);
  else
    meet_inline(x, 2);
}

__global__ void passes_by(float* x, int lanes) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  if (static_cast<int>(threadIdx.x) < lanes) __syncthreads();
  x[threadIdx.x] = tile[63 - threadIdx.x];
  __syncthreads();
}
/// A barrier is missing between the second tile and the first.
__global__ void twice(float* x) {
  for (int i = 0; i < 3; ++i) {
    const float* tile = tile_of(x);
    x[threadIdx.x + 64 * (i + 1)] = tile[63 - threadIdx.x];
  }
}

__device__ __noinline__ float from_a_tile(float* x, int i) {
  __shared__ float tile[8192];
  tile[i] = x[i];
  return tile[i];
}
__global__ void both_share(float* x) {
  __shared__ float tile[8192];
  tile[threadIdx.x] = from_a_tile(x, threadIdx.x);
  x[threadIdx.x] = tile[threadIdx.x];
}

__global__ void past_a_tile(float* x, int n) {
  __shared__ float tile[33];
  float* end = tile + n;
  *end = x[0];
  x[0] = *end;
}
/// Threads of a row, which may have room for less.
__global__ void rows(float* x, int stride) {
  __shared__ float tile[64];
  tile[threadIdx.y * stride + threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.y * 32 + threadIdx.x] = tile[threadIdx.x];
}
__global__ void batches(float* x, int stride) { x[blockIdx.x * stride + threadIdx.x] = static_cast<float>(blockIdx.x); }
__global__ void one_too_far(float* x) { x[blockIdx.x * blockDim.x + threadIdx.x + 1] = 1; }
__global__ void too_wide(float* x) { x[(blockIdx.x * blockDim.x + threadIdx.x) * 9] = 1; }
__global__ void grid_of(float* x) { x[blockIdx.x * 128 + blockIdx.y * 32 + threadIdx.x] = 1; }

}  // namespace

void faults::run(const std::string& name, DeviceTensor<float> x) {
  float* data = x.data();
  int* ints = nullptr;
  cudaMalloc(&ints, 64 * sizeof(int));
  cudaMemset(ints, 0, 64 * sizeof(int));
  if (name == "one value") one_word<<<1, 64>>>(data, 32);
  if (name == "several values") one_word<<<1, 64>>>(data, 16);
  if (name == "volatile sum") volatile_sum<true><<<1, 32>>>(data);
  if (name == "volatile sum without syncwarp") volatile_sum<false><<<1, 32>>>(data);
  if (name == "compare and swap") largest<<<3, 64>>>(data);
  if (name == "a guess and no atomic") guesses<<<1, 32>>>(data, data + 64);
  if (name == "a sum that is read at once") reads_a_sum<<<1, 32>>>(data, data + 64);
  if (name == "volatile in global memory") volatile_in_global<<<1, 32>>>(data);
  if (name == "lock") counts<Fence::before><<<2, 64>>>(data, ints, ints);
  if (name == "lock without fence") counts<Fence::none><<<2, 64>>>(data, ints, ints);
  if (name == "fence behind the lock") counts<Fence::behind><<<1, 64>>>(data, ints, ints);
  if (name == "two locks") counts<Fence::before><<<2, 64>>>(data, ints, ints + 1);
  if (name == "last block") last_block<Fence::before><<<4, 64>>>(data, data + 64, reinterpret_cast<unsigned*>(ints));
  if (name == "last block without fence")
    last_block<Fence::none><<<4, 64>>>(data, data + 64, reinterpret_cast<unsigned*>(ints));
  if (name == "last block, fence behind")
    last_block<Fence::behind><<<4, 64>>>(data, data + 64, reinterpret_cast<unsigned*>(ints));
  if (name == "last block by a variable") last_block_by_variable<Fence::before><<<2, 64>>>(data, data + 64);
  if (name == "last block by a variable, no fence") last_block_by_variable<Fence::none><<<2, 64>>>(data, data + 64);
  if (name == "chain of blocks") chain<<<8, 1>>>(data, ints);
  if (name == "active lanes") active<<<1, 32>>>(data, 10, 9);
  if (name == "not an active lane") active<<<1, 32>>>(data, 10, 10);
  if (name == "within halves") tiles<<<1, 32>>>(data, 8);
  if (name == "across halves") tiles<<<1, 32>>>(data, 16);
  if (name == "barriers of a macro") by_macro<<<1, 64>>>(data, 32);
  if (name == "barriers on one line") on_one_line<<<1, 64>>>(data, 32);
  if (name == "barriers of a function") by_function<<<1, 64>>>(data, 32);
  if (name == "barriers of an inline function") by_inline_function<<<1, 64>>>(data, 32);
  if (name == "all in one branch")
    for (const int lanes : {0, 64}) {
      by_macro<<<1, 64>>>(data, lanes);
      on_one_line<<<1, 64>>>(data, lanes);
      by_function<<<1, 64>>>(data, lanes);
      by_inline_function<<<1, 64>>>(data, lanes);
    }
  if (name == "passes by a barrier") passes_by<<<1, 64>>>(data, 32);
  if (name == "comes to the same barrier") passes_by<<<1, 64>>>(data, 0);
  if (name == "race of two rounds") twice<<<1, 64>>>(data);
  if (name == "callee's shared memory") both_share<<<1, 32>>>(data);
  if (name == "past a tile") past_a_tile<<<1, 1>>>(data, 33);
  if (name == "far past a tile") past_a_tile<<<1, 1>>>(data, 30000);
  if (name == "rows") rows<<<1, dim3(32, 2)>>>(data, 32);
  if (name == "rows too short") rows<<<1, dim3(32, 2)>>>(data, 31);
  if (name == "batches") batches<<<2, 64>>>(data, 64);
  if (name == "batch stride") batches<<<2, 64>>>(data, 32);
  if (name == "grid") grid_of<<<dim3(2, 4), 32>>>(data);
  if (name == "one too far") one_too_far<<<4, 64>>>(data);
  if (name == "stride too wide") too_wide<<<8, 64>>>(data);
  if (name == "grid swapped") grid_of<<<dim3(4, 2), 32>>>(data);
  cudaFree(ints);
}
