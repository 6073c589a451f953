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
__device__ void wmma_scores(const Shared& /*s*/, int /*row*/, int /*head_dim*/) {
  // TODO(1): for each 16 keys: fill Sums with 0, add products of 16 channels, store them to s.scores_smem.
}

/// out = out + weights v, of the same queries.
__device__ void wmma_values(const Shared& /*s*/, int /*row*/, int /*head_dim*/) {
  // TODO(1): for each 16 channels: load Sums from s.out_smem, add products of 16 keys, store them again.
}

/// Lanes 2 x and 2 x + 1 share row x of the warp's 16: one has its even keys and channels, the other the odd ones.
struct RunningRow {
  float max = -INFINITY;  // of the scaled scores; the same in both
  float sum = 0;          // over the lane's own keys

  /// Scores become weights, 0 after the first `seen` keys (none if that is negative); if the maximum grows, what has
  /// been summed up shrinks.
  __device__ void soften(const Shared& /*s*/, int /*row*/, int /*seen*/, float /*scale*/, int /*head_dim*/) {
    // TODO(2): the online softmax, from s.scores_smem to s.weights_smem. The output so far is in s.out_smem.
  }
};

__global__ void __launch_bounds__(kThreads) wmma_kernel(Call<__half> /*call*/, float /*scale*/) {
  // TODO(3): extern __shared__ uint4 smem[]; const Shared s(smem, head_dim); const Block<__half> block(call); the
  // queries and an output of zeros; the loop of lesson 17 with its four barriers; and the end: divide, round, store.
}

}  // namespace

void cuda_tensor_cores::wmma_attention(DeviceTensor<const float16> q, DeviceTensor<const float16> k,
                                       DeviceTensor<const float16> v, DeviceOutput<float16> out,
                                       DeviceOutput<float> lse, Mask mask, cudaStream_t stream) {
  throw NotImplemented();  // delete this line when TODO(1), TODO(2) and TODO(3) are done
  const Call<__half> call = call_of<__half>("wmma_attention", q, k, v, out, lse, mask);
  const int bytes = allow_shared(wmma_kernel, Shared::bytes(call.p.head_dim));
  wmma_kernel<<<blocks_of(call.p), kThreads, bytes, stream>>>(call, 1 / std::sqrt(float(call.p.head_dim)));
  check(cudaGetLastError());
}
