// Threads that race, or that wait for each other in vain.
#include "faults.h"

using namespace workbook;

namespace {

__global__ void missing_barrier(float* x) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  x[threadIdx.x] = tile[63 - threadIdx.x];
}
__global__ void barrier_once(float* x) {
  __shared__ float tile[64];
  for (int i = 0; i < 2; ++i) {
    tile[threadIdx.x] = x[i * 64 + threadIdx.x];
    __syncthreads();
    x[i * 64 + threadIdx.x] = tile[63 - threadIdx.x];
  }
}
__global__ void all_write(float* x) {
  __shared__ float sum;
  sum = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = sum;
}
__global__ void blocks_write(float* x) { x[threadIdx.x] = static_cast<float>(blockIdx.x); }
__global__ void blocks_read(float* x) {
  x[blockIdx.x * blockDim.x + threadIdx.x] = x[(blockIdx.x * blockDim.x + threadIdx.x + 32) % 256] + 1;
}
__global__ void within_a_warp(float* x) {
  __shared__ float tile[32];
  tile[threadIdx.x] = x[threadIdx.x];
  x[threadIdx.x] = tile[threadIdx.x ^ 1];
}
__global__ void divergent_barrier(float* x) {
  if (threadIdx.x < 40) __syncthreads();
  x[threadIdx.x] = 1;
}
__global__ void early_return(float* x, int n) {
  if (static_cast<int>(threadIdx.x) >= n) return;
  x[threadIdx.x] = 1;
  __syncthreads();
  x[threadIdx.x] += 1;
}
__global__ void two_barriers(float* x) {
  if (threadIdx.x % 2) {
    x[threadIdx.x] = 1;
    __syncthreads();
  } else {
    __syncthreads();
    x[threadIdx.x] = 2;
  }
}
__global__ void half_mask(float* x) { x[threadIdx.x] = __shfl_down_sync(0xffffu, x[threadIdx.x], 1); }
__global__ void shuffle_in_branch(float* x) {
  if (threadIdx.x < 16)
    x[threadIdx.x] = __shfl_xor_sync(0xffffffffu, x[threadIdx.x], 1);
  else
    __syncthreads();
}
__global__ void lane_takes_no_part(float* x) {
  if (threadIdx.x >= 16) return;
  x[threadIdx.x] = __shfl_sync(0xffffffffu, x[threadIdx.x], 20);
}
__global__ void too_much_shared(float* x) {
  __shared__ float tile[16384];
  tile[threadIdx.x] = x[threadIdx.x];
  x[threadIdx.x] = tile[threadIdx.x];
}
__global__ void spins(int* flag) {
  while (atomicAdd(flag, 0) == 0) {
  }
}
__global__ void waits_for_next_block(int* flag) {
  if (blockIdx.x == 1) atomicExch(flag, 1);
  while (blockIdx.x == 0 && atomicAdd(flag, 0) == 0) {
  }
}

__global__ void correct_warp(float* x) {
  __shared__ float tile[32];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncwarp();
  float sum = tile[threadIdx.x ^ 1];
  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
  __syncwarp();
  tile[threadIdx.x] = sum;
  __syncthreads();
  x[threadIdx.x] = tile[31 - threadIdx.x];
}

}  // namespace

void faults::run(const std::string& name, DeviceTensor<float> x) {
  float* data = x.data();
  if (name == "missing barrier") missing_barrier<<<1, 64>>>(data);
  if (name == "barrier once") barrier_once<<<1, 64>>>(data);
  if (name == "all write") all_write<<<1, 64>>>(data);
  if (name == "blocks write") blocks_write<<<2, 32>>>(data);
  if (name == "blocks read") blocks_read<<<8, 32>>>(data);
  if (name == "within a warp") within_a_warp<<<1, 32>>>(data);
  if (name == "divergent barrier") divergent_barrier<<<1, 64>>>(data);
  if (name == "early return") early_return<<<1, 64>>>(data, 50);
  if (name == "two barriers") two_barriers<<<1, 64>>>(data);
  if (name == "half mask") half_mask<<<1, 32>>>(data);
  if (name == "shuffle in a branch") shuffle_in_branch<<<1, 32>>>(data);
  if (name == "lane takes no part") lane_takes_no_part<<<1, 32>>>(data);
  if (name == "too many threads") blocks_write<<<1, 2048>>>(data);
  if (name == "too much shared") too_much_shared<<<1, 32>>>(data);
  if (name == "too much dynamic") divergent_barrier<<<1, 32, 50000>>>(data);
  if (name == "spins" || name == "waits for the next block") {
    cudaMemset(data, 0, 4);
    if (name == "spins")
      spins<<<1, 1>>>(reinterpret_cast<int*>(data));
    else
      waits_for_next_block<<<2, 1>>>(reinterpret_cast<int*>(data));
  }
  if (name == "correct") correct_warp<<<1, 32>>>(data);
}

/// In place of the simulator's table of that name: a plugin that hides its faults. Nothing comes of it.
extern "C" __attribute__((visibility("default"))) const void* const workbook_instruments[5] = {};
