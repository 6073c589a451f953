#pragma once
/// What every kernel of this lesson has in common: a call's tensors, a block's part of them, and the launch. There is
/// nothing to do in this file.

#include <cmath>
#include <stdexcept>
#include <string>

#include "common/cuda/check.h"
#include "common/cuda/include/workbook_ptx.h"
#include "cuda_tensor_cores.h"

namespace {

using namespace workbook;
using namespace workbook::cuda_tensor_cores;

/// The tensors of one call, with elements of type T: __half or __nv_bfloat16.
template <class T>
struct Call {
  const T *q_gmem, *k_gmem, *v_gmem;
  T* out_gmem;
  float* lse_gmem;
  Problem p;
};

/// What one block has of it: a tile of queries, and the keys that they see. Blocks: (tiles of queries, heads, batch).
template <class T>
struct Block {
  const T *q_gmem, *k_gmem, *v_gmem;  // the block's first query, the first key and value of its KV head
  T* out_gmem;
  float* lse_gmem;
  int rows;  // queries of the tile, at most kTile
  int end;   // keys that the last of them sees: [0, end)
  int seen;  // keys that the first one sees; -n if it is n + 1 positions before the first key
  bool causal;

  explicit __device__ Block(const Call<T>& call) {
    const Problem& p = call.p;
    const int first = blockIdx.x * kTile, kv_head = blockIdx.y / (p.heads / p.kv_heads);
    const std::size_t q_row = (std::size_t(blockIdx.z) * p.heads + blockIdx.y) * p.q_len + first;
    const std::size_t kv_row = (std::size_t(blockIdx.z) * p.kv_heads + kv_head) * p.kv_len;
    q_gmem = call.q_gmem + q_row * p.head_dim;
    k_gmem = call.k_gmem + kv_row * p.head_dim;
    v_gmem = call.v_gmem + kv_row * p.head_dim;
    out_gmem = call.out_gmem + q_row * p.head_dim;
    lse_gmem = call.lse_gmem + q_row;
    rows = min(kTile, p.q_len - first);
    causal = p.mask == Mask::causal;
    seen = causal ? first + 1 + p.kv_len - p.q_len : p.kv_len;
    end = causal ? min(p.kv_len, seen + rows - 1) : p.kv_len;
  }

  /// The row of the tile sees keys [0, seen_by(row)); none if that is negative.
  __device__ int seen_by(int row) const { return causal ? min(end, seen + row) : end; }
};

/// Checks head_dim, for `function`.
void check_head_dim(const char* function, int head_dim) {
  if (head_dim % 16 != 0 || head_dim < 16 || head_dim > 128)
    throw std::invalid_argument("[" + std::string(function) +
                                "] expected head_dim to be a multiple of 16, at most 128; " + "found " +
                                std::to_string(head_dim));
}

/// @throws std::invalid_argument for a head_dim that the kernels do not take
template <class T, class Narrow>
Call<T> call_of(const char* function, DeviceTensor<const Narrow> q, DeviceTensor<const Narrow> k,
                DeviceTensor<const Narrow> v, DeviceOutput<Narrow> out, DeviceOutput<float> lse, Mask mask) {
  check_head_dim(function, q.extent(3));
  return {q.template as<const T>(),
          k.template as<const T>(),
          v.template as<const T>(),
          out.template as<T>(),
          lse.data(),
          {q.extent(0), q.extent(1), k.extent(1), q.extent(2), k.extent(2), q.extent(3), mask}};
}

dim3 blocks_of(const Problem& p) { return dim3((p.q_len + kTile - 1) / kTile, p.heads, p.batch); }

/// Bytes of so many rows of a tile in shared memory.
constexpr int tile_bytes(int rows, int head_dim) { return rows * row_chunks(head_dim) * 16; }

/// More than 48 KiB of shared memory must be asked for, before the launch.
template <class Kernel>
int allow_shared(Kernel* kernel, int bytes) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  return bytes;
}

/// Two elements in one register, `low` in its lower half.
__device__ inline unsigned pair_of(__half low, __half high) {
  return __half_as_ushort(low) | static_cast<unsigned>(__half_as_ushort(high)) << 16;
}

/// Two floats, rounded to T, in one register.
template <class T>
__device__ unsigned rounded_pair(float low, float high);
template <>
__device__ inline unsigned rounded_pair<__half>(float low, float high) {
  const __half2 pair = __floats2half2_rn(low, high);
  return reinterpret_cast<const unsigned&>(pair);
}
template <>
__device__ inline unsigned rounded_pair<__nv_bfloat16>(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return reinterpret_cast<const unsigned&>(pair);
}

}  // namespace
