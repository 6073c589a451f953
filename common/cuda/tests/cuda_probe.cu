#include "cuda_probe.h"

using namespace workbook;
using namespace workbook::cuda_probe;

namespace {

void check(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

__global__ void scale_kernel(const float* x, float* y, float factor, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = factor * x[i];
}

template <int kColumns>
__global__ void transpose_kernel(const float* x, float* y, int rows, int cols) {
  __shared__ float tile[32][kColumns];
  int row = blockIdx.y * 32 + threadIdx.y, col = blockIdx.x * 32 + threadIdx.x;
  if (row < rows && col < cols) tile[threadIdx.y][threadIdx.x] = x[row * cols + col];
  __syncthreads();
  row = blockIdx.x * 32 + threadIdx.y, col = blockIdx.y * 32 + threadIdx.x;
  if (row < cols && col < rows) y[row * rows + col] = tile[threadIdx.x][threadIdx.y];
}

__global__ void guarded_kernel(const float* x, float* y, int n) {
  __shared__ float tile[64];
  const int i = blockIdx.x * 64 + threadIdx.x;
  if (i < n) tile[threadIdx.x] = x[i];
  __syncthreads();
  if (i < n) y[i] = tile[min(64, n - static_cast<int>(blockIdx.x) * 64) - 1 - threadIdx.x];
}

__device__ float warp_sum(float x) {
  for (int lanes = 16; lanes > 0; lanes /= 2) x += __shfl_xor_sync(0xffffffffu, x, lanes);
  return x;
}

__global__ void __launch_bounds__(128)
    row_sums_kernel(const float* __restrict__ x, float* __restrict__ sums, int cols) {
  extern __shared__ float warps[];
  float sum = 0;
  for (int c = threadIdx.x; c < cols; c += blockDim.x) sum += __ldg(&x[blockIdx.x * cols + c]);
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) sums[blockIdx.x] = warps[0] + warps[1] + warps[2] + warps[3];
}

__global__ void histogram_kernel(const float* x, int* counts, int n, int bins) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    const int bin = static_cast<int>(floorf(x[i]));
    if (bin >= 0 && bin < bins) atomicAdd(&counts[bin], 1);
  }
}

__global__ void naive_scores(const float* q, const float* k, float* s, int kv_len, int d) {
  const int row = blockIdx.y * blockDim.y + threadIdx.y, col = blockIdx.x * blockDim.x + threadIdx.x;
  float sum = 0;
  for (int i = 0; i < d; ++i) sum += q[row * d + i] * k[col * d + i];
  s[row * kv_len + col] = sum;
}

template <int N, typename T>
__global__ void tiled_scores(const T* q, const T* k, T* s, int kv_len, int d) {
  __shared__ T q_smem[N][N], k_smem[N][N + 1];
  const int row = blockIdx.y * N + threadIdx.y, col = blockIdx.x * N + threadIdx.x;
  T sum = 0;
  for (int first = 0; first < d; first += N) {
    q_smem[threadIdx.y][threadIdx.x] = q[row * d + first + threadIdx.x];
    k_smem[threadIdx.y][threadIdx.x] = k[(blockIdx.x * N + threadIdx.y) * d + first + threadIdx.x];
    __syncthreads();
    for (int i = 0; i < N; ++i) sum += q_smem[threadIdx.y][i] * k_smem[threadIdx.x][i];
    __syncthreads();
  }
  s[row * kv_len + col] = sum;
}

/// Four threads for each query row: thread t of a row holds dimensions t, t + 4, ...
__global__ void flash_kernel(const float* q, const float* k, const float* v, float* o, int len) {
  constexpr int kTile = 32, kDim = 64, kShare = kDim / 4;
  __shared__ float q_smem[kTile][kDim + 1], k_smem[kTile][kDim + 1], v_smem[kTile][kDim], s_smem[kTile][kTile + 1];
  const int row = threadIdx.x / 4, part = threadIdx.x % 4, head = blockIdx.y * len;
  const int first = blockIdx.x * kTile;
  for (int i = threadIdx.x; i < kTile * kDim; i += blockDim.x)
    q_smem[i / kDim][i % kDim] = first + i / kDim < len ? q[(head + first) * kDim + i] : 0;
  float acc[kShare] = {}, maximum = -INFINITY, sum = 0;
  for (int start = 0; start < len; start += kTile) {
    for (int i = threadIdx.x; i < kTile * kDim; i += blockDim.x) {
      const bool inside = start + i / kDim < len;
      k_smem[i / kDim][i % kDim] = inside ? k[(head + start) * kDim + i] : 0;
      v_smem[i / kDim][i % kDim] = inside ? v[(head + start) * kDim + i] : 0;
    }
    __syncthreads();
    float tile_maximum = maximum;
    for (int c = part; c < kTile; c += 4) {
      float s = 0;
      for (int i = 0; i < kDim; ++i) s += q_smem[row][i] * k_smem[c][i];
      s = start + c < len ? s * 0.125f : -INFINITY;
      s_smem[row][c] = s;
      tile_maximum = fmaxf(tile_maximum, s);
    }
    for (int lanes = 1; lanes < 4; lanes *= 2)
      tile_maximum = fmaxf(tile_maximum, __shfl_xor_sync(0xffffffffu, tile_maximum, lanes));
    const float rescale = expf(maximum - tile_maximum);
    maximum = tile_maximum;
    __syncwarp();
    sum *= rescale;
    for (int j = 0; j < kShare; ++j) acc[j] *= rescale;
    for (int c = 0; c < kTile; ++c) {
      const float p = expf(s_smem[row][c] - maximum);
      sum += p;
      for (int j = 0; j < kShare; ++j) acc[j] += p * v_smem[c][part + 4 * j];
    }
    __syncthreads();
  }
  if (first + row < len)
    for (int j = 0; j < kShare; ++j) o[(head + first + row) * kDim + part + 4 * j] = acc[j] / sum;
}

__device__ float mean(float2 v) { return (v.x + v.y) / 2; }
__device__ float mean(float4 v) { return (v.x + v.y + v.z + v.w) / 4; }
__device__ void fill(float2& v, float x) { v = make_float2(x, x); }
__device__ void fill(float4& v, float x) { v = make_float4(x, x, x, x); }

/// All floats of a vector are used: nvcc makes a shorter load where one is enough.
template <class Vector>
__global__ void vector_loads_kernel(const int* places, float* loaded) {
  __shared__ Vector vectors[64];
  constexpr int kFloats = sizeof(Vector) / sizeof(float);
  for (int i = threadIdx.x; i < 64 * kFloats; i += 32)
    reinterpret_cast<float*>(vectors)[i] = static_cast<float>(i / kFloats);
  __syncthreads();
  const int place = places[threadIdx.x];
  loaded[threadIdx.x] = place >= 0 ? mean(vectors[place]) : -1;
}

template <class Vector>
__global__ void vector_stores_kernel(const int* places, float* stored) {
  __shared__ Vector vectors[64];
  constexpr int kFloats = sizeof(Vector) / sizeof(float);
  for (int i = threadIdx.x; i < 64 * kFloats; i += 32) reinterpret_cast<float*>(vectors)[i] = -1;
  __syncthreads();
  const int place = places[threadIdx.x];
  if (place >= 0) fill(vectors[place], static_cast<float>(threadIdx.x));
  __syncthreads();
  for (int i = threadIdx.x; i < 64; i += 32) stored[i] = mean(vectors[i]);
}

__constant__ float weights[4];

__global__ void language_kernel(const float4* x, float* y) {
  const float4 v = x[threadIdx.x];
  y[threadIdx.x] = v.x * weights[0] + v.y * weights[1] + v.z * weights[2] + v.w * weights[3];
  const unsigned vote = __ballot_sync(0xffffffffu, threadIdx.x % 2);
  const int count = __syncthreads_count(threadIdx.x < 5);
  if (threadIdx.x == 0) {
    y[32] = static_cast<float>(__popc(vote));
    y[33] = static_cast<float>(count);
  }
}

}  // namespace

Tensor cuda_probe::scaled(const Tensor& x, float factor) {
  const int n = static_cast<int>(x.size());
  Tensor y(x.shape());
  float *d_x = nullptr, *d_y = nullptr;
  check(cudaMalloc(&d_x, n * sizeof(float)));
  check(cudaMalloc(&d_y, n * sizeof(float)));
  check(cudaMemcpy(d_x, x.data(), n * sizeof(float), cudaMemcpyHostToDevice));
  scale_kernel<<<(n + 255) / 256, 256>>>(d_x, d_y, factor, n);
  check(cudaGetLastError());
  check(cudaMemcpy(y.data(), d_y, n * sizeof(float), cudaMemcpyDeviceToHost));
  check(cudaFree(d_x));
  check(cudaFree(d_y));
  return y;
}

void cuda_probe::transpose(DeviceTensor<const float> x, DeviceOutput<float> y, bool padded, cudaStream_t stream) {
  const int rows = x.extent(0), cols = x.extent(1);
  const dim3 grid((cols + 31) / 32, (rows + 31) / 32), block(32, 32);
  if (padded)
    transpose_kernel<33><<<grid, block, 0, stream>>>(x.data(), y.data(), rows, cols);
  else
    transpose_kernel<32><<<grid, block, 0, stream>>>(x.data(), y.data(), rows, cols);
}

void cuda_probe::guarded(DeviceTensor<const float> x, DeviceOutput<float> y) {
  const int n = static_cast<int>(x.size());
  guarded_kernel<<<(n + 63) / 64, 64>>>(x.data(), y.data(), n);
}

void cuda_probe::row_sums(DeviceTensor<const float> x, DeviceOutput<float> sums, cudaStream_t stream) {
  row_sums_kernel<<<x.extent(0), 128, 4 * sizeof(float), stream>>>(x.data(), sums.data(), x.extent(1));
}

void cuda_probe::histogram(DeviceTensor<const float> x, DeviceTensor<std::int32_t> counts) {
  histogram_kernel<<<2, 64>>>(x.data(), counts.data(), static_cast<int>(x.size()), static_cast<int>(counts.size()));
}

void cuda_probe::scores(DeviceTensor<const float> q, DeviceTensor<const float> k, DeviceOutput<float> s, bool tiled) {
  const dim3 grid(k.extent(0) / 16, q.extent(0) / 16), block(16, 16);
  if (tiled)
    tiled_scores<16><<<grid, block>>>(q.data(), k.data(), s.data(), k.extent(0), q.extent(1));
  else
    naive_scores<<<grid, block>>>(q.data(), k.data(), s.data(), k.extent(0), q.extent(1));
}

void cuda_probe::flash(DeviceTensor<const float> q, DeviceTensor<const float> k, DeviceTensor<const float> v,
                       DeviceOutput<float> o) {
  const int heads = q.extent(0), len = q.extent(1);
  flash_kernel<<<dim3((len + 31) / 32, heads), 128>>>(q.data(), k.data(), v.data(), o.data(), len);
}

void cuda_probe::vector_loads(DeviceTensor<const std::int32_t> places, DeviceOutput<float> loaded, int floats) {
  if (floats == 2)
    vector_loads_kernel<float2><<<1, 32>>>(places.data(), loaded.data());
  else
    vector_loads_kernel<float4><<<1, 32>>>(places.data(), loaded.data());
}

void cuda_probe::vector_stores(DeviceTensor<const std::int32_t> places, DeviceOutput<float> stored, int floats) {
  if (floats == 2)
    vector_stores_kernel<float2><<<1, 32>>>(places.data(), stored.data());
  else
    vector_stores_kernel<float4><<<1, 32>>>(places.data(), stored.data());
}

Tensor cuda_probe::language(const Tensor& x) {
  Tensor y({34});
  float4* d_x = nullptr;
  float* d_y = nullptr;
  const float w[4] = {1, 10, 100, 1000};
  check(cudaMemcpyToSymbol(weights, w, sizeof w));
  check(cudaMalloc(&d_x, 32 * sizeof(float4)));
  check(cudaMalloc(&d_y, 34 * sizeof(float)));
  check(cudaMemcpy(d_x, x.data(), 32 * sizeof(float4), cudaMemcpyHostToDevice));
  language_kernel<<<1, 32>>>(d_x, d_y);
  check(cudaMemcpy(y.data(), d_y, 34 * sizeof(float), cudaMemcpyDeviceToHost));
  check(cudaFree(d_x));
  check(cudaFree(d_y));
  return y;
}

std::string cuda_probe::error_of_pointer(int bytes) {
  void* pointer = nullptr;
  const cudaError_t error = cudaMalloc(&pointer, static_cast<std::size_t>(bytes) << 20);
  cudaFree(pointer);
  const cudaError_t last = cudaGetLastError(), then = cudaGetLastError();
  return std::string(cudaGetErrorName(error)) + " " + cudaGetErrorName(last) + " " + cudaGetErrorName(then);
}
