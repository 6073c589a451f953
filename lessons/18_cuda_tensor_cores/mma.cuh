#pragma once
/// Rung 4. The walk over tiles: load, barrier, multiply, barrier.

#include "flash.cuh"

namespace {

/// head_dim is at most kMaxHeadDim, which tells the compiler how many registers there are. It is kMaxHeadDim if kExact:
/// then all distances between rows are constants, too.
template <class T, int kMaxHeadDim, bool kExact>
__global__ void __launch_bounds__(kThreads) mma_kernel(Call<T> /*call*/, float /*scale_log2*/) {
  // TODO(10): Block<T> block(call); three tiles in shared memory; the queries, once; then the walk over block.end keys.
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
  throw NotImplemented();  // delete this line when TODO(8), TODO(9) and TODO(10) are done
  launch_mma(call_of<__half>("mma_attention", q, k, v, out, lse, mask), stream);
}

void cuda_tensor_cores::mma_attention_bf16(DeviceTensor<const bfloat16> q, DeviceTensor<const bfloat16> k,
                                           DeviceTensor<const bfloat16> v, DeviceOutput<bfloat16> out,
                                           DeviceOutput<float> lse, Mask mask, cudaStream_t stream) {
  throw NotImplemented();  // and this one
  launch_mma(call_of<__nv_bfloat16>("mma_attention_bf16", q, k, v, out, lse, mask), stream);
}
