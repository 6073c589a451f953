#pragma once
/// Rung 3. Tiles in shared memory, from which ldmatrix reads without bank conflicts.

#include "block.cuh"
#include "fragments.cuh"

namespace {

/// Where chunk `chunk` of row `row` lies in its row.
constexpr int swizzle(int /*row*/, int chunk) {
  // TODO(6): another order for each of 8 rows. Without it all is right, and slow.
  return chunk;
}

/// A tile in shared memory: rows of chunks of 16 bytes, which are 8 elements each.
struct Tile {
  uint4* smem;
  int chunks;  // from one row to the next

  __device__ uint4* at(int row, int chunk) const { return smem + row * chunks + swizzle(row, chunk); }
};

/// Rows [0, rows) of a matrix to a tile; its other rows become 0. The matrix's rows lie one after the other, so
/// neighbours in the block read neighbours in memory.
template <class T>
__device__ void load_tile(Tile /*tile*/, const T* /*matrix_gmem*/, int /*rows*/, int /*head_dim*/) {
  // TODO(7): chunks t, t + kThreads, ... of all kTile rows for thread t, each a uint4, to tile.at(row, chunk).
}

/// Registers of a, 16 rows from `row` on, channels [8 chunk, 8 chunk + 16).
__device__ void load_a(unsigned (&/*a*/)[4], Tile /*tile*/, int /*row*/, int /*chunk*/) {
  // TODO(7): one ptx::ldmatrix. Which row and which chunk does this lane give the address of?
}

/// Registers of b for two products: keys [key, key + 8) and the 8 after them, channels as load_a().
__device__ void load_keys(unsigned (&/*b*/)[4], Tile /*tile*/, int /*key*/, int /*chunk*/) {
  // TODO(7): one ptx::ldmatrix again, and another pair of row and chunk.
}

/// Adds q k^T of a warp's 16 queries: score[n] is c of keys [8 n, 8 n + 8).
template <class T>
__device__ void add_scores(float (&/*score*/)[kTile / 8][4], const unsigned (&/*q*/)[4], Tile /*k_smem*/,
                           int /*chunk*/) {
  // TODO(7): for each 16 keys of the tile, one load_keys() and two ptx::mma_m16n8k16<T>.
}

/// One block, one tile of queries, one of keys.
__global__ void __launch_bounds__(kThreads)
    tile_scores_kernel(const __half* q_gmem, const __half* k_gmem, float* scores_gmem, int queries, int keys,
                       int head_dim, float scale) {
  extern __shared__ uint4 smem[];
  const int chunks = row_chunks(head_dim), row = threadIdx.x / 32 * 16;
  const Tile q_smem{smem, chunks}, k_smem{smem + kTile * chunks, chunks};
  load_tile(q_smem, q_gmem, queries, head_dim);
  load_tile(k_smem, k_gmem, keys, head_dim);
  __syncthreads();
  float score[kTile / 8][4] = {};
  for (int chunk = 0; chunk < head_dim / 8; chunk += 2) {
    unsigned q[4];
    load_a(q, q_smem, row, chunk);
    add_scores<__half>(score, q, k_smem, chunk);
  }
  for (int n = 0; n < kTile / 8; ++n)
    for (int i = 0; i < 4; ++i) {
      const Place at = c_place(threadIdx.x % 32, i);
      const int query = row + at.row, key = 8 * n + at.col;
      if (query < queries && key < keys) scores_gmem[query * keys + key] = scale * score[n][i];
    }
}

}  // namespace

int cuda_tensor_cores::swizzled(int row, int chunk) {
  throw NotImplemented();  // delete this line when TODO(6) is done
  return swizzle(row, chunk);
}

void cuda_tensor_cores::tile_scores(DeviceTensor<const float16> q, DeviceTensor<const float16> k,
                                    DeviceOutput<float> scores, float scale, cudaStream_t stream) {
  throw NotImplemented();  // delete this line when TODO(7) is done
  const int head_dim = q.extent(1);
  check_head_dim("tile_scores", head_dim);
  const int bytes = allow_shared(tile_scores_kernel, tile_bytes(2 * kTile, head_dim));
  tile_scores_kernel<<<1, kThreads, bytes, stream>>>(q.as<const __half>(), k.as<const __half>(), scores.data(),
                                                     q.extent(0), k.extent(0), head_dim, scale);
  check(cudaGetLastError());
}
