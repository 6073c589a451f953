#pragma once
/// Rung 5. The walk over tiles with two places for each: one tile is multiplied while the next one travels.

#include "flash.cuh"

namespace {

/// As load_tile(), but the chunks arrive later: their group has to be waited for.
template <class T>
__device__ void start_tile(Tile /*tile*/, const T* /*matrix_gmem*/, int /*rows*/, int /*head_dim*/) {
  // TODO(11): ptx::cp_async<16>(to, from, 0) reads nothing and fills the chunk with zeros.
}

/// Two tiles of keys and two of values.
struct Stages {
  uint4* smem;
  int chunks;

  __device__ Tile keys(int stage) const { return {smem + 2 * stage * kTile * chunks, chunks}; }
  __device__ Tile values(int stage) const { return {smem + (2 * stage + 1) * kTile * chunks, chunks}; }
};

/// One group of copies: the tile of keys that begins at `kv_first`, and its values, to their stage.
template <class T>
__device__ void start_keys_and_values(Stages /*stages*/, const Block<T>& /*block*/, int /*kv_first*/,
                                      int /*head_dim*/) {
  // TODO(11): and where there is no such tile? Each call closes a group with ptx::cp_async_commit().
}

/// head_dim is at most kMaxHeadDim, which tells the compiler how many registers there are. It is kMaxHeadDim if kExact:
/// then all distances between rows are constants, too.
template <class T, int kMaxHeadDim, bool kExact>
__global__ void __launch_bounds__(kThreads) pipelined_kernel(Call<T> /*call*/, float /*scale_log2*/) {
  // TODO(11): mma_kernel with another beginning of the loop: start the next tile, wait for this one, barrier.
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
  throw NotImplemented();  // delete this line when TODO(11) is done
  launch_pipelined(call_of<__half>("pipelined_attention", q, k, v, out, lse, mask), stream);
}

void cuda_tensor_cores::pipelined_attention_bf16(DeviceTensor<const bfloat16> q, DeviceTensor<const bfloat16> k,
                                                 DeviceTensor<const bfloat16> v, DeviceOutput<bfloat16> out,
                                                 DeviceOutput<float> lse, Mask mask, cudaStream_t stream) {
  throw NotImplemented();  // and this one
  launch_pipelined(call_of<__nv_bfloat16>("pipelined_attention_bf16", q, k, v, out, lse, mask), stream);
}
