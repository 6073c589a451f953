#include "cuda_fused.h"

#include <algorithm>
#include <cmath>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_fused;

namespace {

constexpr unsigned kAllLanes = 0xffffffff;
constexpr int kWarps = kThreads / 32;
constexpr int kLanes = 8;  // that share a key

/// What the kernels have in shared memory. The query begins at a multiple of 16 bytes.
struct Shared {
  float* row;      // [keys]: scores, then weights
  float* query;    // [head_dim]
  float* partial;  // [kWarps, head_dim]
};

__host__ __device__ int whole_float4s(int floats) { return (floats + 3) / 4 * 4; }

__device__ Shared shared_memory(float4* smem, int keys, int head_dim) {
  float* const row = reinterpret_cast<float*>(smem);
  return {row, row + whole_float4s(keys), row + whole_float4s(keys) + whole_float4s(head_dim)};
}

std::size_t shared_bytes(int keys, int head_dim) {
  return sizeof(float) * static_cast<std::size_t>(whole_float4s(keys) + whole_float4s(head_dim) + kWarps * head_dim);
}

/// What a lane adds to q k_j: every kLanes-th piece of the row from `first` on. Eight lanes read 128 neighbouring
/// bytes, or 32.
__device__ float part_of_dot(const float* q_smem, const float* k_gmem, int first, int head_dim) {
  float sum = 0;
  if (head_dim % 4 == 0) {  // rows begin at multiples of 16 bytes
    const float4* const q4_smem = reinterpret_cast<const float4*>(q_smem);
    const float4* const k4_gmem = reinterpret_cast<const float4*>(k_gmem);
    for (int i = first; i < head_dim / 4; i += kLanes) {
      const float4 q = q4_smem[i], k = k4_gmem[i];
      sum += q.x * k.x + q.y * k.y + q.z * k.z + q.w * k.w;
    }
  } else {
    for (int i = first; i < head_dim; i += kLanes) sum += q_smem[i] * k_gmem[i];
  }
  return sum;
}

/// scale q k_j for every key. A warp has four keys at a time, eight lanes each.
__device__ void score_keys(float* scores_smem, const float* q_smem, const float* k_gmem, int keys, int head_dim,
                           float scale) {
  const int piece = piece_of(threadIdx.x);
  for (int first = 0; first < keys; first += kThreads / kLanes) {
    const int j = first + key_of(threadIdx.x);
    float sum = j < keys ? part_of_dot(q_smem, k_gmem + std::size_t(j) * head_dim, piece, head_dim) : 0;
    for (int step = 1; step < kLanes; step *= 2) sum += __shfl_xor_sync(kAllLanes, sum, step);
    if (piece == 0 && j < keys) scores_smem[j] = scale * sum;
  }
}

/// The largest of the block's values, or their sum; every thread gets it. `scratch_smem` is this call's own.
__device__ float block_max(float x, float* scratch_smem) {
  for (int step = 1; step < 32; step *= 2) x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, step));
  if (threadIdx.x % 32 == 0) scratch_smem[threadIdx.x / 32] = x;
  __syncthreads();
  for (int warp = 0; warp < kWarps; ++warp) x = fmaxf(x, scratch_smem[warp]);
  return x;
}
__device__ float block_sum(float x, float* scratch_smem) {
  for (int step = 1; step < 32; step *= 2) x += __shfl_xor_sync(kAllLanes, x, step);
  if (threadIdx.x % 32 == 0) scratch_smem[threadIdx.x / 32] = x;
  __syncthreads();
  float sum = 0;
  for (int warp = 0; warp < kWarps; ++warp) sum += scratch_smem[warp];
  return sum;
}

/// Scores become exp(score - max). @returns their sum; a barrier is behind it
__device__ float exponentiate(float* row_smem, int keys) {
  __shared__ float scratch_smem[2][kWarps];
  float largest = -INFINITY;
  for (int j = threadIdx.x; j < keys; j += kThreads) largest = fmaxf(largest, row_smem[j]);
  largest = block_max(largest, scratch_smem[0]);
  float sum = 0;
  for (int j = threadIdx.x; j < keys; j += kThreads) sum += row_smem[j] = expf(row_smem[j] - largest);
  return block_sum(sum, scratch_smem[1]);
}

/// out = factor * the sum of weight_j v_j. A warp has every fourth key; its lanes have neighbouring channels.
__device__ void weigh_values(float* out_gmem, const float* weights_smem, const float* v_gmem, float* partial_smem,
                             int keys, int head_dim, float factor) {
  const int warp = threadIdx.x / 32;
  for (int c = channel_of(threadIdx.x); c < head_dim; c += 32) {
    float sum = 0;
    for (int j = warp; j < keys; j += kWarps) sum += weights_smem[j] * v_gmem[std::size_t(j) * head_dim + c];
    partial_smem[warp * head_dim + c] = sum;
  }
  __syncthreads();
  for (int c = threadIdx.x; c < head_dim; c += kThreads) {
    float sum = 0;
    for (int w = 0; w < kWarps; ++w) sum += partial_smem[w * head_dim + c];
    out_gmem[c] = factor * sum;
  }
}

__global__ void __launch_bounds__(kThreads)
    query_scores_kernel(const float* q_gmem, const float* k_gmem, float* scores_gmem, int keys, int head_dim,
                        float scale) {
  extern __shared__ float4 smem[];
  const Shared shared = shared_memory(smem, keys, head_dim);
  for (int c = threadIdx.x; c < head_dim; c += kThreads) shared.query[c] = q_gmem[c];
  __syncthreads();
  score_keys(shared.row, shared.query, k_gmem, keys, head_dim, scale);
  __syncthreads();
  for (int j = threadIdx.x; j < keys; j += kThreads) scores_gmem[j] = shared.row[j];
}

__global__ void __launch_bounds__(kThreads)
    weighted_values_kernel(const float* weights_gmem, const float* v_gmem, float* out_gmem, int keys, int head_dim) {
  extern __shared__ float4 smem[];
  const Shared shared = shared_memory(smem, keys, head_dim);
  for (int j = threadIdx.x; j < keys; j += kThreads) shared.row[j] = weights_gmem[j];
  __syncthreads();
  weigh_values(out_gmem, shared.row, v_gmem, shared.partial, keys, head_dim, 1);
}

/// A block for each query. Blocks: (q_len, heads, batch).
__global__ void __launch_bounds__(kThreads) fused_kernel(const float* q_gmem, const float* k_gmem, const float* v_gmem,
                                                         float* out_gmem, Problem p, float scale) {
  extern __shared__ float4 smem[];
  const Shared shared = shared_memory(smem, p.kv_len, p.head_dim);
  const int i = blockIdx.x, h = blockIdx.y, kv_head = h / (p.heads / p.kv_heads);
  const std::size_t q_first = ((std::size_t(blockIdx.z) * p.heads + h) * p.q_len + i) * p.head_dim;
  const std::size_t kv_first = (std::size_t(blockIdx.z) * p.kv_heads + kv_head) * p.kv_len * p.head_dim;
  const int keys = p.mask == Mask::causal ? min(p.kv_len, max(0, i + 1 + p.kv_len - p.q_len)) : p.kv_len;

  for (int c = threadIdx.x; c < p.head_dim; c += kThreads) shared.query[c] = q_gmem[q_first + c];
  __syncthreads();
  score_keys(shared.row, shared.query, k_gmem + kv_first, keys, p.head_dim, scale);
  __syncthreads();
  const float sum = exponentiate(shared.row, keys);
  const float factor = sum == 0 ? 0 : 1 / sum;  // a query that sees no key
  weigh_values(out_gmem + q_first, shared.row, v_gmem + kv_first, shared.partial, keys, p.head_dim, factor);
}

}  // namespace

Traffic cuda_fused::traffic(const Problem& p) {
  const std::int64_t kv_len = p.kv_len;
  std::int64_t keys = 0;  // loaded, by all queries of one head
  for (std::int64_t i = 0; i < p.q_len; ++i)
    keys += p.mask == Mask::causal ? std::max<std::int64_t>(i + 1 + kv_len - p.q_len, 0) : kv_len;
  const std::int64_t bytes = std::int64_t{p.batch} * p.heads * p.head_dim * static_cast<std::int64_t>(sizeof(float));
  return {.loaded = bytes * (p.q_len + 2 * keys), .stored = bytes * p.q_len};
}

void cuda_fused::query_scores(DeviceTensor<const float> q, DeviceTensor<const float> k, DeviceOutput<float> scores,
                              float scale, cudaStream_t stream) {
  const int keys = k.extent(0), head_dim = k.extent(1);
  query_scores_kernel<<<1, kThreads, shared_bytes(keys, head_dim), stream>>>(q.data(), k.data(), scores.data(), keys,
                                                                             head_dim, scale);
  check(cudaGetLastError());
}

void cuda_fused::weighted_values(DeviceTensor<const float> weights, DeviceTensor<const float> v,
                                 DeviceOutput<float> out, cudaStream_t stream) {
  const int keys = v.extent(0), head_dim = v.extent(1);
  weighted_values_kernel<<<1, kThreads, shared_bytes(keys, head_dim), stream>>>(weights.data(), v.data(), out.data(),
                                                                                keys, head_dim);
  check(cudaGetLastError());
}

void cuda_fused::fused_attention(DeviceTensor<const float> q, DeviceTensor<const float> k, DeviceTensor<const float> v,
                                 DeviceOutput<float> out, Mask mask, cudaStream_t stream) {
  const Problem p{q.extent(0), q.extent(1), k.extent(1), q.extent(2), k.extent(2), q.extent(3), mask};
  if (p.kv_len > kMaxKeys || p.head_dim > kMaxHeadDim)
    throw std::invalid_argument("[fused_attention] kv_len must be <= 8192 and head_dim <= 256; found kv_len " +
                                std::to_string(p.kv_len) + " and head_dim " + std::to_string(p.head_dim));
  const dim3 blocks(p.q_len, p.heads, p.batch);
  fused_kernel<<<blocks, kThreads, shared_bytes(p.kv_len, p.head_dim), stream>>>(
      q.data(), k.data(), v.data(), out.data(), p, 1 / std::sqrt(static_cast<float>(p.head_dim)));
  check(cudaGetLastError());
}
