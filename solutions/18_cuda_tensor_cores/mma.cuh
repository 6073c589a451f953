#pragma once
/// Rung 4. The walk over tiles: load, barrier, multiply, barrier.

#include "flash.cuh"

namespace {

/// head_dim is at most kMaxHeadDim, which tells the compiler how many registers there are. It is kMaxHeadDim if kExact:
/// then all distances between rows are constants, too. Three blocks to a multiprocessor, or two: that says how many
/// registers a thread may take, and nothing is spilled.
template <class T, int kMaxHeadDim, bool kExact>
__global__ void __launch_bounds__(kThreads, kMaxHeadDim == 64 ? 3 : 2) mma_kernel(Call<T> call, float scale_log2) {
  const Block<T> block(call);
  const int head_dim = kExact ? kMaxHeadDim : call.p.head_dim;
  const int chunks = row_chunks(head_dim), row = threadIdx.x / 32 * 16;
  extern __shared__ uint4 smem[];
  const Tile q_smem{smem, chunks};
  const Tile k_smem{q_smem.smem + kTile * chunks, chunks};
  const Tile v_smem{k_smem.smem + kTile * chunks, chunks};

  load_tile(q_smem, block.q_gmem, block.rows, head_dim);
  __syncthreads();
  unsigned q[kMaxHeadDim / 16][4];
  load_queries(q, q_smem, row, head_dim);

  Running<kMaxHeadDim> rows;
  for (int kv_first = 0; kv_first < block.end; kv_first += kTile) {
    const int keys = min(kTile, block.end - kv_first);
    load_tile(k_smem, block.k_gmem + std::size_t(kv_first) * head_dim, keys, head_dim);
    load_tile(v_smem, block.v_gmem + std::size_t(kv_first) * head_dim, keys, head_dim);
    __syncthreads();  // the tiles have arrived
    float score[kTile / 8][4] = {};
    score_tile<T>(score, q, k_smem, head_dim);
    hide(score, block, row, kv_first);
    soften(rows, score, scale_log2);
    weigh<T>(rows, score, v_smem, head_dim);
    __syncthreads();  // nobody needs them any more
  }
  finish(rows, block, row, head_dim, scale_log2);
}

template <class T>
void start_mma(void (*mma)(Call<T>, float), const Call<T>& call, cudaStream_t stream) {
  const int bytes = allow_shared(mma, tile_bytes(3 * kTile, call.p.head_dim));
  mma<<<blocks_of(call.p), kThreads, bytes, stream>>>(call, scale_log2_of(call.p.head_dim));
  check(cudaGetLastError());
}

template <class T>
void launch_mma(const Call<T>& call, cudaStream_t stream) {
  const int head_dim = call.p.head_dim;
  if (head_dim == 64) return start_mma(mma_kernel<T, 64, true>, call, stream);
  if (head_dim == 128) return start_mma(mma_kernel<T, 128, true>, call, stream);
  if (head_dim < 64) return start_mma(mma_kernel<T, 64, false>, call, stream);
  start_mma(mma_kernel<T, 128, false>, call, stream);
}

}  // namespace

void cuda_tensor_cores::mma_attention(DeviceTensor<const float16> q, DeviceTensor<const float16> k,
                                      DeviceTensor<const float16> v, DeviceOutput<float16> out, DeviceOutput<float> lse,
                                      Mask mask, cudaStream_t stream) {
  launch_mma(call_of<__half>("mma_attention", q, k, v, out, lse, mask), stream);
}

void cuda_tensor_cores::mma_attention_bf16(DeviceTensor<const bfloat16> q, DeviceTensor<const bfloat16> k,
                                           DeviceTensor<const bfloat16> v, DeviceOutput<bfloat16> out,
                                           DeviceOutput<float> lse, Mask mask, cudaStream_t stream) {
  launch_mma(call_of<__nv_bfloat16>("mma_attention_bf16", q, k, v, out, lse, mask), stream);
}
