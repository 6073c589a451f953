// Kernels that touch what is not theirs to touch.
#include "faults.h"

using namespace workbook;

namespace {

__global__ void past_the_end(float* x, int n) { x[blockIdx.x * blockDim.x + threadIdx.x + n] = 0; }
__global__ void before_the_start(const float* x, float* y) { y[threadIdx.x] = x[static_cast<int>(threadIdx.x) - 1]; }
__global__ void no_guard(float* x) { x[blockIdx.x * blockDim.x + threadIdx.x] += 1; }
__global__ void null_pointer(float* x) { x[threadIdx.x] = 1; }
__global__ void misaligned(float* x) {
  float4 v = *reinterpret_cast<float4*>(x + 1);
  x[0] = v.x;
}
__global__ void unwritten(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }
__global__ void shared_unwritten(float* x) {
  __shared__ float tile[64];
  if (threadIdx.x < 31) tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = tile[threadIdx.x];
}
__global__ void register_array(float* x, int i) {
  float local[4] = {1, 2, 3, 4};
  x[threadIdx.x] = local[i];
}
__global__ void shared_array(float* x, int i) {
  __shared__ float tile[32];
  tile[threadIdx.x + i] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = tile[31 - threadIdx.x];
}
__global__ void dynamic_too_small(float* x) {
  extern __shared__ float tile[];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = tile[31 - threadIdx.x];
}
__global__ void others_local(float* x) {
  __shared__ float* pointer;
  float mine = static_cast<float>(threadIdx.x);
  if (threadIdx.x == 0) pointer = &mine;
  __syncthreads();
  x[threadIdx.x] = *pointer + mine;
}
__global__ void quads(float* x) {
  __shared__ float4 tile[32];
  tile[threadIdx.x] = reinterpret_cast<float4*>(x)[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = tile[31 - threadIdx.x].x;
}
__global__ void asserts(const float* x) { assert(x[threadIdx.x] < -1); }

}  // namespace

void faults::run(const std::string& name, DeviceTensor<float> x) {
  float* data = x.data();
  if (name == "past the end") past_the_end<<<1, 32>>>(data, 256);
  if (name == "before the start") before_the_start<<<1, 32>>>(data, data);
  if (name == "no guard") no_guard<<<3, 100>>>(data);
  if (name == "null pointer") null_pointer<<<1, 32>>>(nullptr);
  if (name == "misaligned") misaligned<<<1, 1>>>(data);
  if (name == "shared unwritten") shared_unwritten<<<1, 32>>>(data);
  if (name == "register array") register_array<<<1, 32>>>(data, 4);
  if (name == "shared array") shared_array<<<1, 32>>>(data, 1);
  if (name == "dynamic too small") dynamic_too_small<<<1, 32, 64>>>(data);
  if (name == "another's local variable") others_local<<<1, 32>>>(data);
  if (name == "assertion") asserts<<<1, 32>>>(data);
  if (name == "host pointer") {
    std::vector<float> host(32);
    unwritten<<<1, 32>>>(host.data(), data);
  }
  if (name == "host follows device pointer") data[3] = 1;
  if (name == "unwritten" || name == "used after free" || name == "leak") {
    float* fresh = nullptr;
    cudaMalloc(&fresh, 128);
    if (name == "used after free") {
      cudaMemset(fresh, 0, 128);
      cudaFree(fresh);
    }
    if (name != "leak") unwritten<<<1, 32>>>(fresh, data);
    if (name == "unwritten") cudaFree(fresh);
  }
  if (name == "correct") {
    no_guard<<<2, 128>>>(data);
    register_array<<<1, 32>>>(data, 3);
    shared_array<<<1, 32>>>(data, 0);
    quads<<<1, 32>>>(data);
    dynamic_too_small<<<1, 32, 128>>>(data);
  }
}
