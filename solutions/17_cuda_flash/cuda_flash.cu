#include "cuda_flash.h"

#include <algorithm>
#include <cmath>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_flash;

namespace {

constexpr int kRows = 4;          // queries of a thread
constexpr int kKeys = 4;          // keys that it scores them with
constexpr int kWeightPitch = 10;  // float4s per row of weights: the 4 rows that a warp reads at a time share no bank

/// Float4s of a row, the last one perhaps in part.
constexpr int float4s_of(int head_dim) { return (head_dim + 3) / 4; }

/// Float4s from one row of a tile to the next. Odd: r pitch takes all values mod 8 as r does.
constexpr int pitch_of(int head_dim) { return float4s_of(head_dim) | 1; }

/// Rows [0, rows) of a matrix to a tile [kTile, pitch]; rows of the tile beyond them, and what a last float4 has beyond
/// head_dim, become 0. The rows lie behind each other, so neighbours in the block read neighbours in memory.
__device__ void load_tile(float4* tile_smem, const float* matrix_gmem, int rows, int head_dim, int pitch) {
  const int float4s = float4s_of(head_dim);
  if (head_dim % 4 == 0) {
    const float4* const source_gmem = reinterpret_cast<const float4*>(matrix_gmem);
    for (int i = threadIdx.x; i < kTile * float4s; i += kThreads) {
      const int row = i / float4s;
      tile_smem[row * pitch + i % float4s] = row < rows ? source_gmem[i] : make_float4(0, 0, 0, 0);
    }
    return;
  }
  float* const floats_smem = reinterpret_cast<float*>(tile_smem);
  for (int i = threadIdx.x; i < rows * head_dim; i += kThreads)
    floats_smem[i / head_dim * 4 * pitch + i % head_dim] = matrix_gmem[i];
  for (int i = threadIdx.x; i < kTile * 4 * float4s; i += kThreads) {
    const int row = i / (4 * float4s), column = i % (4 * float4s);
    if (row >= rows || column >= head_dim) floats_smem[row * 4 * pitch + column] = 0;
  }
}

/// Each of the four steps is one instruction, a fused multiply-add. A dot product that is computed first and then added
/// takes five.
__device__ void add_dot(float& sum, float4 a, float4 b) {
  sum += a.x * b.x;
  sum += a.y * b.y;
  sum += a.z * b.z;
  sum += a.w * b.w;
}

/// The thread's scores of this tile, not yet scaled: 8 loads for 64 multiplications.
__device__ void score_tile(float (&score)[kRows][kKeys], const float4* q_smem, const float4* k_smem, int head_dim,
                           int pitch) {
  for (int i = 0; i < float4s_of(head_dim); ++i) {
    float4 q[kRows], k[kKeys];
    for (int r = 0; r < kRows; ++r) q[r] = q_smem[query_of(threadIdx.x, r) * pitch + i];
    for (int j = 0; j < kKeys; ++j) k[j] = k_smem[key_of(threadIdx.x, j) * pitch + i];
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kKeys; ++j) add_dot(score[r][j], q[r], k[j]);
  }
}

/// The largest value, or the sum, of the 8 neighbouring lanes that share a query. All of them get it.
__device__ float max_of_query(float x) {
  for (int step = 1; step < 8; step *= 2) x = fmaxf(x, __shfl_xor_sync(0xffffffff, x, step));
  return x;
}
__device__ float sum_of_query(float x) {
  for (int step = 1; step < 8; step *= 2) x += __shfl_xor_sync(0xffffffff, x, step);
  return x;
}

/// What a thread carries from tile to tile for one of its queries.
template <int kColumns>
struct Running {
  float max = -INFINITY;
  float sum = 0;         // over the thread's own keys; its 7 neighbours have the others
  float4 out[kColumns];  // over all keys, in the thread's own columns
};

/// Scores of one query become weights, 0 where `visible` ends; if its maximum grows, what has been summed up shrinks.
template <int kColumns>
__device__ void soften(Running<kColumns>& query, float (&score)[kKeys], float scale, int visible) {
  float largest = -INFINITY;
  for (int j = 0; j < kKeys; ++j) {
    score[j] = key_of(threadIdx.x, j) < visible ? score[j] * scale : -INFINITY;
    largest = fmaxf(largest, score[j]);
  }
  const float max = fmaxf(query.max, max_of_query(largest));
  const float base = max == -INFINITY ? 0 : max;  // -inf - (-inf) would be NaN
  const float factor = expf(query.max - base);
  query.max = max;
  query.sum *= factor;
  for (int c = 0; c < kColumns; ++c) {
    query.out[c].x *= factor;
    query.out[c].y *= factor;
    query.out[c].z *= factor;
    query.out[c].w *= factor;
  }
  for (int j = 0; j < kKeys; ++j) query.sum += score[j] = expf(score[j] - base);
}

/// Adds one key's values, weighed, to the outputs of the thread's queries.
template <int kColumns>
__device__ void add_values(Running<kColumns> (&query)[kRows], const float (&weight)[kRows], const float4* row_smem,
                           int head_dim) {
  const int last = float4s_of(head_dim) - 1;
  for (int c = 0; c < kColumns && 8 * c <= last; ++c) {
    const float4 v = row_smem[min(column_of(threadIdx.x, c), last)];  // what a lane adds up beyond it is never stored
    for (int r = 0; r < kRows; ++r) {
      query[r].out[c].x += weight[r] * v.x;
      query[r].out[c].y += weight[r] * v.y;
      query[r].out[c].z += weight[r] * v.z;
      query[r].out[c].w += weight[r] * v.w;
    }
  }
}

/// out += weights v, for the thread's queries and columns.
template <int kColumns>
__device__ void weigh_tile(Running<kColumns> (&query)[kRows], const float4* p_smem, const float4* v_smem, int head_dim,
                           int pitch) {
  for (int k = 0; k < kTile; k += 4, v_smem += 4 * pitch) {
    float4 p[kRows];
    for (int r = 0; r < kRows; ++r) p[r] = p_smem[query_of(threadIdx.x, r) * kWeightPitch + k / 4];
    add_values(query, {p[0].x, p[1].x, p[2].x, p[3].x}, v_smem, head_dim);
    add_values(query, {p[0].y, p[1].y, p[2].y, p[3].y}, v_smem + pitch, head_dim);
    add_values(query, {p[0].z, p[1].z, p[2].z, p[3].z}, v_smem + 2 * pitch, head_dim);
    add_values(query, {p[0].w, p[1].w, p[2].w, p[3].w}, v_smem + 3 * pitch, head_dim);
  }
}

/// Up to 4 floats to global memory: one store if rows are aligned.
__device__ void store(float* out_gmem, float4 x, int column, int head_dim) {
  if (head_dim % 4 == 0) {
    *reinterpret_cast<float4*>(out_gmem + column) = x;
    return;
  }
  out_gmem[column] = x.x;
  if (column + 1 < head_dim) out_gmem[column + 1] = x.y;
  if (column + 2 < head_dim) out_gmem[column + 2] = x.z;
  if (column + 3 < head_dim) out_gmem[column + 3] = x.w;
}

/// Divides once and writes one query's output and log-sum-exp.
template <int kColumns>
__device__ void finish(const Running<kColumns>& query, bool exists, float* out_gmem, float* lse_gmem, int head_dim) {
  const float sum = sum_of_query(query.sum);  // all lanes take part, also those of a query that does not exist
  if (!exists) return;
  const float factor = sum == 0 ? 0 : 1 / sum;
  for (int c = 0; c < kColumns; ++c) {
    if (column_of(threadIdx.x, c) >= float4s_of(head_dim)) break;
    const float4 x = query.out[c];
    store(out_gmem, make_float4(x.x * factor, x.y * factor, x.z * factor, x.w * factor), 4 * column_of(threadIdx.x, c),
          head_dim);
  }
  if (threadIdx.x % 8 == 0) *lse_gmem = query.max + logf(sum);
}

/// A block has one tile of queries of one head. Blocks: (tiles, heads, batch). head_dim is at most kMaxHeadDim, and it
/// is kMaxHeadDim if kExact: then the compiler knows all distances between rows and drops the code that rows of any
/// other length need.
template <int kMaxHeadDim, bool kExact>
__global__ void __launch_bounds__(kThreads) flash_kernel(const float* q_gmem, const float* k_gmem, const float* v_gmem,
                                                         float* out_gmem, float* lse_gmem, Problem p, float scale) {
  constexpr int kColumns = kMaxHeadDim / 32;  // a constant: an array in registers has no index
  const int head_dim = kExact ? kMaxHeadDim : p.head_dim, pitch = pitch_of(head_dim);
  extern __shared__ float4 smem[];
  float4* const q_smem = smem;                     // [kTile, pitch]
  float4* const kv_smem = q_smem + kTile * pitch;  // [kTile, pitch]: keys, then values
  float4* const p_smem = kv_smem + kTile * pitch;  // [kTile, kWeightPitch]

  const int first = blockIdx.x * kTile, rows = min(kTile, p.q_len - first);
  const int kv_head = blockIdx.y / (p.heads / p.kv_heads), past = p.kv_len - p.q_len;
  const std::size_t q_row = (std::size_t(blockIdx.z) * p.heads + blockIdx.y) * p.q_len + first;
  const std::size_t kv_row = (std::size_t(blockIdx.z) * p.kv_heads + kv_head) * p.kv_len;
  const bool causal = p.mask == Mask::causal;
  const int end = causal ? min(p.kv_len, first + rows + past) : p.kv_len;  // behind the last query's last key

  Running<kColumns> query[kRows] = {};
  load_tile(q_smem, q_gmem + q_row * head_dim, rows, head_dim, pitch);
  for (int kv_first = 0; kv_first < end; kv_first += kTile) {
    const int keys = min(kTile, end - kv_first);
    load_tile(kv_smem, k_gmem + (kv_row + kv_first) * head_dim, keys, head_dim, pitch);
    __syncthreads();  // the keys have arrived, and the queries
    float score[kRows][kKeys] = {};
    score_tile(score, q_smem, kv_smem, head_dim, pitch);
    __syncthreads();  // nobody needs the keys any more
    load_tile(kv_smem, v_gmem + (kv_row + kv_first) * head_dim, keys, head_dim, pitch);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const int row = query_of(threadIdx.x, r);
      const int visible = causal ? min(keys, first + row + past + 1 - kv_first) : keys;
      soften(query[r], score[r], scale, visible);
      float* const weights_smem = reinterpret_cast<float*>(p_smem + row * kWeightPitch);
      for (int j = 0; j < kKeys; ++j) weights_smem[key_of(threadIdx.x, j)] = score[r][j];
    }
    __syncthreads();  // the values have arrived, and the weights
    weigh_tile(query, p_smem, kv_smem, head_dim, pitch);
    __syncthreads();  // nobody needs the values any more
  }
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    const int row = query_of(threadIdx.x, r);
    finish(query[r], row < rows, out_gmem + (q_row + row) * head_dim, lse_gmem + q_row + row, head_dim);
  }
}

/// One block, one tile of queries, one of keys.
__global__ void __launch_bounds__(kThreads)
    tile_scores_kernel(const float* q_gmem, const float* k_gmem, float* scores_gmem, int queries, int keys,
                       int head_dim, int pitch, float scale) {
  extern __shared__ float4 smem[];
  float4 *const q_smem = smem, *const k_smem = smem + kTile * pitch;
  load_tile(q_smem, q_gmem, queries, head_dim, pitch);
  load_tile(k_smem, k_gmem, keys, head_dim, pitch);
  __syncthreads();
  float score[kRows][kKeys] = {};
  score_tile(score, q_smem, k_smem, head_dim, pitch);
  for (int r = 0; r < kRows; ++r)
    for (int j = 0; j < kKeys; ++j) {
      const int row = query_of(threadIdx.x, r), key = key_of(threadIdx.x, j);
      if (row < queries && key < keys) scores_gmem[row * keys + key] = scale * score[r][j];
    }
}

/// Asks for shared memory beyond 48 KiB where a launch needs it.
template <class Kernel>
void allow_shared(Kernel* kernel, std::size_t bytes) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)));
}

}  // namespace

std::int64_t cuda_flash::kv_bytes(const Problem& p) {
  const std::int64_t q_len = p.q_len, kv_len = p.kv_len;
  const bool causal = p.mask == Mask::causal;
  std::int64_t keys = 0;  // of all tiles of queries of one head
  for (std::int64_t first = 0; first < q_len; first += kTile) {
    const std::int64_t after_last = std::min(first + kTile, q_len) + kv_len - q_len;
    keys += causal ? std::max<std::int64_t>(after_last, 0) : kv_len;
  }
  return std::int64_t{p.batch} * p.heads * keys * 2 * p.head_dim * static_cast<std::int64_t>(sizeof(float));
}

int cuda_flash::tile_pitch(int head_dim) { return pitch_of(head_dim); }

void cuda_flash::tile_scores(DeviceTensor<const float> q, DeviceTensor<const float> k, DeviceOutput<float> scores,
                             float scale, cudaStream_t stream) {
  const int head_dim = q.extent(1), pitch = tile_pitch(head_dim);
  const std::size_t bytes = sizeof(float4) * 2 * kTile * pitch;
  allow_shared(tile_scores_kernel, bytes);
  tile_scores_kernel<<<1, kThreads, bytes, stream>>>(q.data(), k.data(), scores.data(), q.extent(0), k.extent(0),
                                                     head_dim, pitch, scale);
  check(cudaGetLastError());
}

void cuda_flash::flash_attention(DeviceTensor<const float> q, DeviceTensor<const float> k, DeviceTensor<const float> v,
                                 DeviceOutput<float> out, DeviceOutput<float> lse, Mask mask, cudaStream_t stream) {
  const Problem p{q.extent(0), q.extent(1), k.extent(1), q.extent(2), k.extent(2), q.extent(3), mask};
  const int pitch = tile_pitch(p.head_dim);
  const auto launch = [&](auto flash) {
    const std::size_t bytes = sizeof(float4) * kTile * (2 * pitch + kWeightPitch);
    allow_shared(flash, bytes);
    const dim3 blocks((p.q_len + kTile - 1) / kTile, p.heads, p.batch);
    flash<<<blocks, kThreads, bytes, stream>>>(q.data(), k.data(), v.data(), out.data(), lse.data(), p,
                                               1 / std::sqrt(float(p.head_dim)));
    check(cudaGetLastError());
  };
  if (p.head_dim == 64) return launch(flash_kernel<64, true>);
  if (p.head_dim == 128) return launch(flash_kernel<128, true>);
  if (p.head_dim <= 64) return launch(flash_kernel<64, false>);
  if (p.head_dim <= 128) return launch(flash_kernel<128, false>);
  if (p.head_dim <= 192) return launch(flash_kernel<192, false>);
  launch(flash_kernel<256, false>);
}
