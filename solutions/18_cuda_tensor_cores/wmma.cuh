#pragma once
/// Rung 1. Products by nvcuda::wmma, which keeps to itself who holds what: scores, weights and sums go through shared
/// memory.

#include <mma.h>

#include "block.cuh"

namespace {

namespace wmma = nvcuda::wmma;

using QueryFragment = wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, wmma::row_major>;
using KeyFragment = wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::col_major>;
using ValueFragment = wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::row_major>;
using Sums = wmma::fragment<wmma::accumulator, 16, 16, 16, float>;

/// What a block keeps in shared memory. Rows are 16 bytes longer than they need to be: 8 rows one after the other
/// begin in different banks.
struct Shared {
  int pitch;             // of q and of kv, in elements
  __half* q_smem;        // [kTile, pitch]
  __half* kv_smem;       // [kTile, pitch]: keys, then values
  float* scores_smem;    // [kTile, kScorePitch]
  __half* weights_smem;  // [kTile, kWeightPitch]
  float* out_smem;       // [kTile, pitch]

  static constexpr int kScorePitch = kTile + 4, kWeightPitch = kTile + 8;
  static constexpr int bytes(int head_dim) { return kTile * ((head_dim + 8) * 8 + kScorePitch * 4 + kWeightPitch * 2); }
  __device__ Shared(uint4* smem, int head_dim)
      : pitch(head_dim + 8),
        q_smem(reinterpret_cast<__half*>(smem)),
        kv_smem(q_smem + kTile * pitch),
        scores_smem(reinterpret_cast<float*>(kv_smem + kTile * pitch)),
        weights_smem(reinterpret_cast<__half*>(scores_smem + kTile * kScorePitch)),
        out_smem(reinterpret_cast<float*>(weights_smem + kTile * kWeightPitch)) {}
};

/// Rows [0, rows) of a matrix to 64 rows in shared memory; the others become 0.
__device__ void load_rows(__half* rows_smem, const __half* matrix_gmem, int rows, int head_dim, int pitch) {
  const uint4* const chunks_gmem = reinterpret_cast<const uint4*>(matrix_gmem);
  const int width = head_dim / 8;
  for (int i = threadIdx.x; i < kTile * width; i += kThreads) {
    const int row = i / width;
    *reinterpret_cast<uint4*>(rows_smem + row * pitch + i % width * 8) =
        row < rows ? chunks_gmem[i] : make_uint4(0, 0, 0, 0);
  }
}

/// Scores of the warp's 16 queries, from `row` on, not yet scaled.
__device__ void wmma_scores(const Shared& s, int row, int head_dim) {
  for (int key = 0; key < kTile; key += 16) {
    Sums sums;
    wmma::fill_fragment(sums, 0.0f);
    for (int channel = 0; channel < head_dim; channel += 16) {
      QueryFragment q;
      KeyFragment k;  // row-major keys are k^T column by column
      wmma::load_matrix_sync(q, s.q_smem + row * s.pitch + channel, s.pitch);
      wmma::load_matrix_sync(k, s.kv_smem + key * s.pitch + channel, s.pitch);
      wmma::mma_sync(sums, q, k, sums);
    }
    wmma::store_matrix_sync(s.scores_smem + row * Shared::kScorePitch + key, sums, Shared::kScorePitch,
                            wmma::mem_row_major);
  }
}

/// out = out + weights v, of the same queries.
__device__ void wmma_values(const Shared& s, int row, int head_dim) {
  for (int channel = 0; channel < head_dim; channel += 16) {
    Sums sums;
    float* const out_smem = s.out_smem + row * s.pitch + channel;
    wmma::load_matrix_sync(sums, out_smem, s.pitch, wmma::mem_row_major);
    for (int key = 0; key < kTile; key += 16) {
      QueryFragment p;
      ValueFragment v;
      wmma::load_matrix_sync(p, s.weights_smem + row * Shared::kWeightPitch + key, Shared::kWeightPitch);
      wmma::load_matrix_sync(v, s.kv_smem + key * s.pitch + channel, s.pitch);
      wmma::mma_sync(sums, p, v, sums);
    }
    wmma::store_matrix_sync(out_smem, sums, s.pitch, wmma::mem_row_major);
  }
}

/// Lanes 2 x and 2 x + 1 share row x of the warp's 16: one has its even keys and channels, the other the odd ones.
struct RunningRow {
  float max = -INFINITY;  // of the scaled scores; the same in both
  float sum = 0;          // over the lane's own keys

  /// Scores become weights, 0 after the first `seen` keys (none if that is negative); if the maximum grows, what has
  /// been summed up shrinks.
  __device__ void soften(const Shared& s, int row, int seen, float scale, int head_dim) {
    const float* const scores_smem = s.scores_smem + row * Shared::kScorePitch;
    float largest = max;
    for (int key = threadIdx.x % 2; key < min(kTile, seen); key += 2)
      largest = fmaxf(largest, scale * scores_smem[key]);
    largest = fmaxf(largest, __shfl_xor_sync(0xffffffff, largest, 1));
    const float base = largest == -INFINITY ? 0 : largest, factor = expf(max - base);
    max = largest;
    sum *= factor;
    for (int key = threadIdx.x % 2; key < kTile; key += 2) {
      const float weight = key < seen ? expf(scale * scores_smem[key] - base) : 0;
      sum += weight;
      s.weights_smem[row * Shared::kWeightPitch + key] = __float2half_rn(weight);
    }
    for (int channel = threadIdx.x % 2; channel < head_dim; channel += 2) s.out_smem[row * s.pitch + channel] *= factor;
  }
};

__global__ void __launch_bounds__(kThreads) wmma_kernel(Call<__half> call, float scale) {
  extern __shared__ uint4 smem[];
  const int head_dim = call.p.head_dim;
  const Shared s(smem, head_dim);
  const Block<__half> block(call);
  const int warp_row = threadIdx.x / 32 * 16, row = threadIdx.x / 2;
  load_rows(s.q_smem, block.q_gmem, block.rows, head_dim, s.pitch);
  for (int channel = threadIdx.x % 2; channel < head_dim; channel += 2) s.out_smem[row * s.pitch + channel] = 0;
  RunningRow running;
  for (int kv_first = 0; kv_first < block.end; kv_first += kTile) {
    const int keys = min(kTile, block.end - kv_first);
    load_rows(s.kv_smem, block.k_gmem + std::size_t(kv_first) * head_dim, keys, head_dim, s.pitch);
    __syncthreads();  // the keys have arrived, and the queries
    wmma_scores(s, warp_row, head_dim);
    __syncthreads();  // nobody needs the keys any more; the scores are there
    load_rows(s.kv_smem, block.v_gmem + std::size_t(kv_first) * head_dim, keys, head_dim, s.pitch);
    running.soften(s, row, block.seen_by(row) - kv_first, scale, head_dim);
    __syncthreads();  // the values have arrived, and the weights
    wmma_values(s, warp_row, head_dim);
    __syncthreads();  // nobody needs the values any more
  }
  __syncwarp();  // in a block that sees no key, the zeros have had no barrier yet
  const float sum = running.sum + __shfl_xor_sync(0xffffffff, running.sum, 1);
  if (row >= block.rows) return;
  const float factor = sum == 0 ? 0 : 1 / sum;
  for (int channel = threadIdx.x % 2 * 2; channel < head_dim; channel += 4) {
    const float* const out_smem = s.out_smem + row * s.pitch + channel;
    *reinterpret_cast<unsigned*>(block.out_gmem + row * head_dim + channel) =
        rounded_pair<__half>(out_smem[0] * factor, out_smem[1] * factor);
  }
  if (threadIdx.x % 2 == 0) block.lse_gmem[row] = running.max + logf(sum);
}

}  // namespace

void cuda_tensor_cores::wmma_attention(DeviceTensor<const float16> q, DeviceTensor<const float16> k,
                                       DeviceTensor<const float16> v, DeviceOutput<float16> out,
                                       DeviceOutput<float> lse, Mask mask, cudaStream_t stream) {
  const Call<__half> call = call_of<__half>("wmma_attention", q, k, v, out, lse, mask);
  const int bytes = allow_shared(wmma_kernel, Shared::bytes(call.p.head_dim));
  wmma_kernel<<<blocks_of(call.p), kThreads, bytes, stream>>>(call, 1 / std::sqrt(float(call.p.head_dim)));
  check(cudaGetLastError());
}
