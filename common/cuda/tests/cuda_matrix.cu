#include "cuda_matrix.h"

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <mma.h>

#include <bit>
#include <cmath>
#include <stdexcept>

#include "common/cuda/include/workbook_ptx.h"

using namespace workbook;
using namespace workbook::cuda_matrix;
namespace cg = cooperative_groups;
namespace wmma = nvcuda::wmma;

namespace {

__global__ void arithmetic_kernel(const float* x, float* y) {
  const __half a = __float2half(x[0]), b = __float2half(x[1]);
  const __half2 both = __halves2half2(a, b);
  float results[14] = {__half2float(a + b),
                       __half2float(__hsub(a, b)),
                       __half2float(__hmul(a, b)),
                       __half2float(a / b),
                       __half2float(__hfma(a, b, a)),
                       __low2float(__hmul2(both, both)),
                       __high2float(__hfma2(both, both, both)),
                       __hlt(a, b) ? 1.0f : 0.0f,
                       __half2float(hexp(a)),
                       __half2float(__hmax(a, b)),
                       __half2float(-a),
                       __half22float2(__float22half2_rn(float2{x[0], x[1]})).y,
                       ptx::exp2_approx(2 * x[0]),
                       ptx::exp2_approx(-127 - x[0])};
  for (int i = 0; i < 14; ++i) y[i] = results[i];
}

__global__ void doubled_kernel(const __half2* x, __half2* y) {
  const __half2 v = x[threadIdx.x];
  y[threadIdx.x] = __hadd2(v, v);
}
__global__ void narrow_kernel(const float* x, __half* y) { y[threadIdx.x] = __float2half(x[threadIdx.x]); }
__global__ void widen_kernel(const __half* x, float* y) { y[threadIdx.x] = __half2float(x[threadIdx.x]); }

__global__ void tiles_kernel(const float* x, float* y, int n) {
  const cg::thread_block block = cg::this_thread_block();
  const cg::thread_block_tile<8> tile = cg::tiled_partition<8>(block);
  const unsigned i = block.thread_rank();
  const float sum = cg::reduce(tile, x[i], cg::plus<float>()), most = cg::reduce(tile, x[i], cg::greater<float>());
  if (tile.thread_rank() == 0) {
    y[tile.meta_group_rank()] = sum;
    y[tile.meta_group_size() + tile.meta_group_rank()] = most;
  }
  block.sync();
  const unsigned votes = tile.any(1) + tile.ballot(1);
  if (i == 0) y[n / 4] = static_cast<float>(block.size() + tile.size() * votes);
}

template <class T, class Layout>
__global__ void wmma_kernel(const float* a, const float* b, const float* c, float* d) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800  // nvcc has bfloat16 fragments from there on
  __shared__ __align__(32) T tile_a[256], tile_b[256];
  for (unsigned i = threadIdx.x; i < 256; i += 32) {
    const unsigned at = std::is_same_v<Layout, wmma::row_major> ? i : i % 16 * 16 + i / 16;
    tile_a[at] = T(a[i]);
    tile_b[at] = T(b[i]);
  }
  __syncthreads();
  wmma::fragment<wmma::matrix_a, 16, 16, 16, T, Layout> fa;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, T, Layout> fb;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> fc;
  wmma::load_matrix_sync(fa, tile_a, 16);
  wmma::load_matrix_sync(fb, tile_b, 16);
  wmma::load_matrix_sync(fc, c, 16, wmma::mem_row_major);
  wmma::mma_sync(fc, fa, fb, fc);
  for (int i = 0; i < fc.num_elements; ++i) fc.x[i] *= 2;
  for (int i = 0; i < fc.num_elements; ++i) fc.x[i] /= 2;
  wmma::store_matrix_sync(d, fc, 16, wmma::mem_row_major);
#endif
}

template <class T, int kStride>
__global__ void mma_kernel(const float* a, const float* b, const float* c, float* d) {
  __shared__ __align__(16) T tile_a[16 * kStride], tile_b[16 * kStride];
  const unsigned lane = threadIdx.x;
  for (unsigned i = lane; i < 256; i += 32) {
    tile_a[i / 16 * kStride + i % 16] = T(a[i]);
    tile_b[i / 16 * kStride + i % 16] = T(b[i]);
  }
  __syncthreads();
  unsigned fa[4], fb[2];
  ptx::ldmatrix(fa, &tile_a[lane % 16 * kStride + lane / 16 * 8]);
  for (unsigned first = 0; first < 16; first += 8) {
    ptx::ldmatrix_trans(fb, &tile_b[lane % 16 * kStride + first]);
    const unsigned at = lane / 4 * 16 + first + lane % 4 * 2;
    float sum[4] = {c[at], c[at + 1], c[at + 128], c[at + 129]};
    ptx::mma_m16n8k16<T>(sum, fa, fb, sum);
    d[at] = sum[0];
    d[at + 1] = sum[1];
    d[at + 128] = sum[2];
    d[at + 129] = sum[3];
  }
}

/// The same without ldmatrix: each lane takes its elements one by one, as the PTX manual places them.
template <class T>
__global__ void element_kernel(const float* a, const float* b, const float* c, float* d) {
  const unsigned group = threadIdx.x / 4, in_group = threadIdx.x % 4;
  const auto pair = [](float low, float high) {
    const T both[2] = {T(low), T(high)};
    unsigned bits;
    memcpy(&bits, both, 4);
    return bits;
  };
  unsigned fa[4], fb[2];
  for (unsigned r = 0; r < 4; ++r) {
    const unsigned row = r == 0 || r == 2 ? group : group + 8, col = in_group * 2 + (r < 2 ? 0 : 8);
    fa[r] = pair(a[row * 16 + col], a[row * 16 + col + 1]);
  }
  for (unsigned first = 0; first < 16; first += 8) {
    for (unsigned r = 0; r < 2; ++r) {
      const unsigned row = in_group * 2 + (r == 0 ? 0 : 8), col = group + first;
      fb[r] = pair(b[row * 16 + col], b[(row + 1) * 16 + col]);
    }
    const unsigned at[4] = {group * 16 + in_group * 2, group * 16 + in_group * 2 + 1, (group + 8) * 16 + in_group * 2,
                            (group + 8) * 16 + in_group * 2 + 1};
    float sum[4];
    for (int i = 0; i < 4; ++i) sum[i] = c[at[i] + first];
    ptx::mma_m16n8k16<T>(sum, fa, fb, sum);
    for (int i = 0; i < 4; ++i) d[at[i] + first] = sum[i];
  }
}

__device__ void start_tile(float* tile, const float* x, int first, int n) {
  const int i = first + static_cast<int>(threadIdx.x);
  ptx::cp_async<4>(&tile[threadIdx.x], i < n ? &x[i] : x, i < n ? 4 : 0);
  ptx::cp_async_commit();
}
__global__ void pipelined_kernel(const float* x, float* y, int n) {
  __shared__ float tile[2][64];
  start_tile(tile[0], x, 0, n);
  for (int t = 0; t * 64 < n; ++t) {
    start_tile(tile[(t + 1) % 2], x, (t + 1) * 64, n);
    ptx::cp_async_wait<1>();
    __syncthreads();
    const int i = t * 64 + 63 - static_cast<int>(threadIdx.x);
    if (i < n) y[i] = 2 * tile[t % 2][63 - threadIdx.x];
    __syncthreads();
  }
}

template <class T>
int misrounded_in() {
  int wrong = 0;
  for (unsigned bits = 0; bits < 0x7f00u; ++bits) {
    if (sizeof(T) == 2 && std::isinf(static_cast<float>(std::bit_cast<T>(static_cast<unsigned short>(bits + 1)))))
      break;
    for (const unsigned sign : {0u, 0x8000u}) {
      const auto x = std::bit_cast<T>(static_cast<unsigned short>(bits | sign));
      const auto next = std::bit_cast<T>(static_cast<unsigned short>((bits + 1) | sign));
      const double low = static_cast<float>(x), high = static_cast<float>(next), middle = (low + high) / 2;
      const T even = bits % 2 ? next : x;
      const auto same = [](T p, T q) { return std::bit_cast<unsigned short>(p) == std::bit_cast<unsigned short>(q); };
      wrong += !same(T(static_cast<float>(x)), x) + !same(T(middle), even) + !same(T(low + (middle - low) * 0.99), x) +
               !same(T(low + (middle - low) * 1.01), next);
    }
  }
  return wrong;
}

}  // namespace

Tensor cuda_matrix::rounded(const Tensor& x, bool bfloat) {
  Tensor y = x;
  for (float& v : y.values()) v = bfloat ? __bfloat162float(__float2bfloat16(v)) : __half2float(__float2half(v));
  return y;
}

int cuda_matrix::misrounded(bool bfloat) { return bfloat ? misrounded_in<__nv_bfloat16>() : misrounded_in<__half>(); }

void cuda_matrix::arithmetic(DeviceTensor<const float> x, DeviceOutput<float> y) {
  arithmetic_kernel<<<1, 1>>>(x.data(), y.data());
}

void cuda_matrix::doubled_halves(DeviceTensor<const float> x, DeviceOutput<float> y) {
  const unsigned n = static_cast<unsigned>(x.size());
  __half* narrow = nullptr;
  if (cudaMalloc(&narrow, 2 * n * sizeof(__half)) != cudaSuccess) throw std::runtime_error("no memory");
  narrow_kernel<<<1, n>>>(x.data(), narrow);
  doubled_kernel<<<1, n / 2>>>(reinterpret_cast<__half2*>(narrow), reinterpret_cast<__half2*>(narrow + n));
  widen_kernel<<<1, n>>>(narrow + n, y.data());
  cudaFree(narrow);
}

void cuda_matrix::tiles(DeviceTensor<const float> x, DeviceOutput<float> y) {
  const int n = static_cast<int>(x.size());
  tiles_kernel<<<1, n>>>(x.data(), y.data(), n);
}

void cuda_matrix::product(const std::string& way, DeviceTensor<const float> a, DeviceTensor<const float> b,
                          DeviceTensor<const float> c, DeviceOutput<float> d) {
  const auto kernel = way == "wmma row"          ? wmma_kernel<__half, wmma::row_major>
                      : way == "wmma col"        ? wmma_kernel<__half, wmma::col_major>
                      : way == "wmma bfloat"     ? wmma_kernel<__nv_bfloat16, wmma::row_major>
                      : way == "mma"             ? mma_kernel<__half, 16>
                      : way == "mma padded"      ? mma_kernel<__half, 24>
                      : way == "elements"        ? element_kernel<__half>
                      : way == "bfloat elements" ? element_kernel<__nv_bfloat16>
                                                 : mma_kernel<__nv_bfloat16, 24>;
  kernel<<<1, 32>>>(a.data(), b.data(), c.data(), d.data());
}

void cuda_matrix::pipelined(DeviceTensor<const float> x, DeviceOutput<float> y) {
  pipelined_kernel<<<1, 64>>>(x.data(), y.data(), static_cast<int>(x.size()));
}
