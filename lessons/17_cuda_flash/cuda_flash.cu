#include "cuda_flash.h"

#include <algorithm>
#include <cmath>

#include "common/cuda/check.h"

using namespace workbook;
using namespace workbook::cuda_flash;

namespace {

constexpr int kRows = 4, kKeys = 4;  // queries of a thread, and keys that it scores them with

/// Rows [0, rows) of a matrix to a tile [kTile, pitch]; rows of the tile beyond them, and what a last float4 has beyond
/// head_dim, become 0.
__device__ void load_tile(float4* /*tile_smem*/, const float* /*matrix_gmem*/, int /*rows*/, int /*head_dim*/,
                          int /*pitch*/) {
  // TODO(3): thread t takes elements t, t + kThreads, ... of the tile; float4s if 4 divides head_dim, else floats.
}

/// Adds q k to score[r][j], for query_of(thread, r) and key_of(thread, j).
__device__ void score_tile(float (&/*score*/)[kRows][kKeys], const float4* /*q_smem*/, const float4* /*k_smem*/,
                           int /*head_dim*/, int /*pitch*/) {
  // TODO(4): for each float4 of a row: 4 pieces of queries, 4 of keys, 64 multiplications.
}

/// One block, one tile of queries, one of keys: your two functions, and nothing else.
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

// TODO(5): a device function for the online softmax of one query in one tile: mask, maximum of eight lanes, rescaling.
// TODO(6): one that adds weights times values, and one that divides, writes a row, and its log-sum-exp.

/// A block has one tile of queries of one head. Blocks: (tiles, heads, batch).
template <int kColumns>  // float4s of an output row that a thread has, so that the compiler keeps them in registers
__global__ void __launch_bounds__(kThreads)
    flash_kernel(const float* /*q_gmem*/, const float* /*k_gmem*/, const float* /*v_gmem*/, float* /*out_gmem*/,
                 float* /*lse_gmem*/, Problem /*p*/, int /*pitch*/, float /*scale*/) {
  // TODO(7): where do this block's queries, keys and values begin? Then the walk, with its four barriers.
}

}  // namespace

std::int64_t cuda_flash::kv_bytes(const Problem& /*problem*/) {
  // TODO(1): how many tiles of queries, and how many keys does each of them load?
  throw NotImplemented();
}

int cuda_flash::tile_pitch(int /*head_dim*/) {
  // TODO(2): enough float4s for a row, and no two of 8 rows in the same group of banks.
  throw NotImplemented();
}

void cuda_flash::tile_scores(DeviceTensor<const float> q, DeviceTensor<const float> k, DeviceOutput<float> scores,
                             float scale, cudaStream_t stream) {
  throw NotImplemented();  // delete this line when TODO(3) and TODO(4) are done
  const int head_dim = q.extent(1), pitch = tile_pitch(head_dim);
  const int bytes = static_cast<int>(sizeof(float4)) * 2 * kTile * pitch;
  check(cudaFuncSetAttribute(tile_scores_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  tile_scores_kernel<<<1, kThreads, bytes, stream>>>(q.data(), k.data(), scores.data(), q.extent(0), k.extent(0),
                                                     head_dim, pitch, scale);
  check(cudaGetLastError());
}

void cuda_flash::flash_attention(DeviceTensor<const float> /*q*/, DeviceTensor<const float> /*k*/,
                                 DeviceTensor<const float> /*v*/, DeviceOutput<float> /*out*/,
                                 DeviceOutput<float> /*lse*/, Mask /*mask*/, cudaStream_t /*stream*/) {
  // TODO(7): how many blocks, how many bytes? flash_kernel<2> serves head_dim up to 64, <4> up to 128, and so on.
  throw NotImplemented();
}
