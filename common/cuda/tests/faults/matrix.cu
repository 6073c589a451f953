// Asynchronous copies that nobody waits for, and matrix instructions that a part of a warp comes to.
#include <cooperative_groups.h>
#include <mma.h>

#include "common/cuda/include/workbook_ptx.h"
#include "faults.h"

using namespace workbook;
namespace wmma = nvcuda::wmma;

namespace {

/// Two groups of copies, of which at most kPending are not waited for.
template <int kPending, bool kBarrier>
__global__ void reverse(float* x) {
  __shared__ float tile[128];
  ptx::cp_async<4>(&tile[threadIdx.x], &x[threadIdx.x]);
  ptx::cp_async_commit();
  ptx::cp_async<4>(&tile[threadIdx.x + 64], &x[threadIdx.x + 64]);
  ptx::cp_async_commit();
  ptx::cp_async_wait<kPending>();
  if (kBarrier) __syncthreads();
  x[threadIdx.x] = tile[127 - threadIdx.x];
}
__global__ void overwrites(float* x) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  ptx::cp_async<4>(&tile[threadIdx.x], &x[threadIdx.x + 64]);
  x[threadIdx.x] = tile[63 - threadIdx.x];
  ptx::cp_async_wait_all();
}
__global__ void __launch_bounds__(64) bounded(float* x) { x[threadIdx.x] = 1; }

/// With `lanes` of the warp; a row of the matrix lies `shift` elements further.
__global__ void multiplies(float* x, int lanes, int shift) {
  __shared__ __align__(16) __half tile[512];
  for (unsigned i = threadIdx.x; i < 512; i += 32) tile[i] = __float2half(x[i % 256]);
  __syncthreads();
  if (static_cast<int>(threadIdx.x) >= lanes) return;
  unsigned a[4], b[2];
  float d[4] = {};
  ptx::ldmatrix(a, &tile[threadIdx.x * 8 + shift]);
  ptx::ldmatrix_trans(b, &tile[threadIdx.x * 8]);
  ptx::mma_m16n8k16<__half>(d, a, b, d);
  x[threadIdx.x] = d[0];
}
__global__ void global_rows(float* x) {
  unsigned a[1];
  ptx::ldmatrix(a, x + 4 * threadIdx.x);
  x[threadIdx.x] = __uint_as_float(a[0]);
}
__global__ void in_a_branch(float* x) {
  wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, wmma::row_major> a;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::col_major> b;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> c;
  wmma::fill_fragment(a, 1.0f);
  wmma::fill_fragment(b, 1.0f);
  wmma::fill_fragment(c, 0.0f);
  if (threadIdx.x < 16) wmma::mma_sync(c, a, b, c);
  __syncthreads();
  x[threadIdx.x] = c.x[0];
}
__global__ void fragment_at(float* x, int shift, int stride) {
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> c;
  wmma::fill_fragment(c, 2.0f);
  wmma::store_matrix_sync(x + shift, c, stride, wmma::mem_row_major);
}
/// Lanes that only load, and leave the product to others.
__global__ void loads_in_a_branch(float* x) {
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> c;
  if (threadIdx.x < 16) wmma::load_matrix_sync(c, x, 16, wmma::mem_row_major);
  __syncthreads();
  x[threadIdx.x] = 1;
}
__global__ void wide_shuffle(float* x) {
  const auto tile = cooperative_groups::tiled_partition<4>(cooperative_groups::this_thread_block());
  const float value = x[threadIdx.x];
  const float4 first = tile.shfl(make_float4(value, value + 1, value + 2, value + 3), 3);
  assert(first.x == x[threadIdx.x / 4 * 4 + 3] && first.w == first.x + 3);
  __syncwarp();
  x[threadIdx.x] = first.z;
}
__global__ void tile_in_a_branch(float* x) {
  const auto tile = cooperative_groups::tiled_partition<8>(cooperative_groups::this_thread_block());
  if (tile.thread_rank() < 4) x[threadIdx.x] = tile.shfl(x[threadIdx.x], 0);
  cooperative_groups::this_thread_block().sync();
}
__global__ void halves(float* x, int n) { reinterpret_cast<__half2*>(x)[threadIdx.x + n] = __float2half2_rn(1); }

}  // namespace

void faults::run(const std::string& name, DeviceTensor<float> x) {
  float* data = x.data();
  if (name == "missing async wait") reverse<2, true><<<1, 64>>>(data);
  if (name == "async wait too short") reverse<1, true><<<1, 64>>>(data);
  if (name == "async without barrier") reverse<0, false><<<1, 64>>>(data);
  if (name == "async over what is read") overwrites<<<1, 64>>>(data);
  if (name == "launch bounds") bounded<<<1, 96>>>(data);
  if (name == "half a warp multiplies") multiplies<<<1, 32>>>(data, 16, 0);
  if (name == "misaligned row") multiplies<<<1, 32>>>(data, 32, 1);
  if (name == "rows in global memory") global_rows<<<1, 32>>>(data);
  if (name == "mma in a branch") in_a_branch<<<1, 32>>>(data);
  if (name == "misaligned fragment") fragment_at<<<1, 32>>>(data, 4, 16);
  if (name == "odd stride") fragment_at<<<1, 32>>>(data, 0, 15);
  if (name == "fragment past the end") fragment_at<<<1, 32>>>(data, 8, 16);
  if (name == "matrix loaded in a branch") loads_in_a_branch<<<1, 32>>>(data);
  if (name == "tile in a branch") tile_in_a_branch<<<1, 32>>>(data);
  if (name == "halves past the end") halves<<<1, 32>>>(data, 240);
  if (name == "correct") {
    reverse<0, true><<<1, 64>>>(data);
    bounded<<<1, 64>>>(data);
    multiplies<<<1, 32>>>(data, 32, 0);
    fragment_at<<<1, 32>>>(data, 0, 16);
    halves<<<1, 32>>>(data, 224);
    wide_shuffle<<<1, 32>>>(data);
  }
}
