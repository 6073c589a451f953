#pragma once
/// Rung 5. The walk over tiles with two places for each: one tile is multiplied while the next one travels.

#include "flash.cuh"

namespace {

/// As load_tile(), but the chunks arrive later: their group has to be waited for. A chunk of which 0 bytes are read is
/// zeros.
template <class T>
__device__ void start_tile(Tile tile, const T* matrix_gmem, int rows, int head_dim) {
  const uint4* const chunks_gmem = reinterpret_cast<const uint4*>(matrix_gmem);
  const int width = head_dim / 8;
  for (int step = 0; step < width / 2; ++step) {
    const int i = step * kThreads + threadIdx.x, row = i / width;
    ptx::cp_async<16>(tile.at(row, i % width), chunks_gmem + i, row < rows ? 16 : 0);
  }
}

/// Two tiles of keys and two of values.
struct Stages {
  uint4* smem;
  int chunks;

  __device__ Tile keys(int stage) const { return {smem + 2 * stage * kTile * chunks, chunks}; }
  __device__ Tile values(int stage) const { return {smem + (2 * stage + 1) * kTile * chunks, chunks}; }
};

/// One group of copies: the tile of keys that begins at `kv_first`, and its values. After the last tile the group is
/// empty.
template <class T>
__device__ void start_keys_and_values(Stages stages, const Block<T>& block, int kv_first, int head_dim) {
  const int keys = min(kTile, block.end - kv_first), stage = kv_first / kTile % 2;
  if (keys > 0) {
    start_tile(stages.keys(stage), block.k_gmem + std::size_t(kv_first) * head_dim, keys, head_dim);
    start_tile(stages.values(stage), block.v_gmem + std::size_t(kv_first) * head_dim, keys, head_dim);
  }
  ptx::cp_async_commit();
}

/// head_dim is at most kMaxHeadDim, which tells the compiler how many registers there are. It is kMaxHeadDim if kExact:
/// then all distances between rows are constants, too.
template <class T, int kMaxHeadDim, bool kExact>
__global__ void __launch_bounds__(kThreads) pipelined_kernel(Call<T> call, float scale_log2) {
  const Block<T> block(call);
  const int head_dim = kExact ? kMaxHeadDim : call.p.head_dim;
  const int chunks = row_chunks(head_dim), row = threadIdx.x / 32 * 16;
  extern __shared__ uint4 smem[];
  const Tile q_smem{smem, chunks};
  const Stages stages{q_smem.smem + kTile * chunks, chunks};

  start_keys_and_values(stages, block, 0, head_dim);
  load_tile(q_smem, block.q_gmem, block.rows, head_dim);
  __syncthreads();
  unsigned q[kMaxHeadDim / 16][4];
  load_queries(q, q_smem, row, head_dim);

  Running<kMaxHeadDim> rows;
  for (int kv_first = 0; kv_first < block.end; kv_first += kTile) {
    start_keys_and_values(stages, block, kv_first + kTile, head_dim);
    ptx::cp_async_wait<1>();  // all groups but the newest
    __syncthreads();          // those of the other threads, too
    const int stage = kv_first / kTile % 2;
    float score[kTile / 8][4] = {};
    score_tile<T>(score, q, stages.keys(stage), head_dim);
    hide(score, block, row, kv_first);
    soften(rows, score, scale_log2);
    weigh<T>(rows, score, stages.values(stage), head_dim);
    __syncthreads();  // nobody needs this stage any more
  }
  finish(rows, block, row, head_dim, scale_log2);
}

template <class T>
void start_pipelined(void (*pipelined)(Call<T>, float), const Call<T>& call, cudaStream_t stream) {
  const int bytes = allow_shared(pipelined, tile_bytes(5 * kTile, call.p.head_dim));
  pipelined<<<blocks_of(call.p), kThreads, bytes, stream>>>(call, scale_log2_of(call.p.head_dim));
  check(cudaGetLastError());
}

template <class T>
void launch_pipelined(const Call<T>& call, cudaStream_t stream) {
  const int head_dim = call.p.head_dim;
  if (head_dim == 64) return start_pipelined(pipelined_kernel<T, 64, true>, call, stream);
  if (head_dim == 128) return start_pipelined(pipelined_kernel<T, 128, true>, call, stream);
  if (head_dim < 64) return start_pipelined(pipelined_kernel<T, 64, false>, call, stream);
  start_pipelined(pipelined_kernel<T, 128, false>, call, stream);
}

}  // namespace

void cuda_tensor_cores::pipelined_attention(DeviceTensor<const float16> q, DeviceTensor<const float16> k,
                                            DeviceTensor<const float16> v, DeviceOutput<float16> out,
                                            DeviceOutput<float> lse, Mask mask, cudaStream_t stream) {
  launch_pipelined(call_of<__half>("pipelined_attention", q, k, v, out, lse, mask), stream);
}

void cuda_tensor_cores::pipelined_attention_bf16(DeviceTensor<const bfloat16> q, DeviceTensor<const bfloat16> k,
                                                 DeviceTensor<const bfloat16> v, DeviceOutput<bfloat16> out,
                                                 DeviceOutput<float> lse, Mask mask, cudaStream_t stream) {
  launch_pipelined(call_of<__nv_bfloat16>("pipelined_attention_bf16", q, k, v, out, lse, mask), stream);
}
