// Inline PTX that does something wrong, in helpers and in macros.
#include "faults.h"

using namespace workbook;

namespace {

#define CP_ASYNC(to, from, bytes) \
  asm volatile("cp.async.ca.shared.global [%0], [%1], %2;\n" ::"r"(to), "l"(from), "n"(bytes) : "memory")

__device__ unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}
__device__ float load_shared(unsigned address) {
  float value;
  asm volatile("ld.shared.f32 %0, [%1];" : "=f"(value) : "r"(address));
  return value;
}

__global__ void misaligned_row(float* x, unsigned shift) {
  __shared__ __align__(16) float tile[256];
  for (unsigned i = threadIdx.x; i < 256; i += 32) tile[i] = x[i];
  __syncthreads();
  unsigned row;
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
               : "=r"(row)
               : "r"(shared_address(tile) + threadIdx.x * 16 + shift));
  x[threadIdx.x] = __uint_as_float(row);
}
__global__ void of_global_memory(float* x) { x[threadIdx.x] = static_cast<float>(shared_address(x)); }
__global__ void past_the_end(float* x) {
  extern __shared__ float tile[];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = load_shared(shared_address(tile) + 4 * (threadIdx.x + 1));
}
__global__ void far_outside(float* x) { x[threadIdx.x] = load_shared(0x40000000u + 4 * threadIdx.x); }
__global__ void missing_wait(float* x) {
  __shared__ float tile[32];
  CP_ASYNC(shared_address(&tile[threadIdx.x]), x + threadIdx.x, 4);
  asm volatile("cp.async.commit_group;");
  asm volatile("bar.sync 0;" ::: "memory");
  x[threadIdx.x] = tile[31 - threadIdx.x];
}
__global__ void misaligned_vector(float* x) {
  float a, b;
  asm volatile("ld.global.v2.f32 {%0, %1}, [%2+4];" : "=f"(a), "=f"(b) : "l"(x + 2 * threadIdx.x));
  x[threadIdx.x] = a + b;
}

}  // namespace

void faults::run(const std::string& name, DeviceTensor<float> x) {
  float* data = x.data();
  if (name == "misaligned row") misaligned_row<<<1, 32>>>(data, 2);
  if (name == "of global memory") of_global_memory<<<1, 32>>>(data);
  if (name == "past the end") past_the_end<<<1, 32, 128>>>(data);
  if (name == "far outside") far_outside<<<1, 32>>>(data);
  if (name == "missing wait") missing_wait<<<1, 32>>>(data);
  if (name == "misaligned vector") misaligned_vector<<<1, 32>>>(data);
  if (name == "correct") misaligned_row<<<1, 32>>>(data, 0);
}
