#pragma once
/// Fused attention on a GPU: one launch, a block for each query, and a row of scores that lives and dies in shared
/// memory.
///
/// What is computed is what the definition gives, softmax(q k^T / sqrt(head_dim) + mask) v, up to rounding:
///   - heads is a multiple of kv_heads, and query head h reads KV head h / (heads / kv_heads);
///   - extents need not be multiples of anything; head_dim is at most kMaxHeadDim, kv_len at most kMaxKeys;
///   - a query that sees no key gives zeros, and one that sees a single key, of score 0, returns its value bit for bit;
///   - nothing overflows and no weight is lost, however large or small the scores are;
///   - batch and heads are at most 65,535 each; q_len and batch heads may be larger, so only x of a grid counts them.
/// Tensors are float32, dense, row-major and in device memory; each begins at a multiple of 256 bytes, as cudaMalloc
/// gives them. Everything is launched into `stream`, which nobody waits for, in blocks of kThreads threads. A CUDA
/// error is thrown as std::runtime_error.

#include <cstdint>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/cuda/device_tensor.h"

namespace workbook::cuda_fused {

inline constexpr int kThreads = 128;  ///< of a block: four warps
inline constexpr int kMaxHeadDim = 256;
inline constexpr int kMaxKeys = 8192;  ///< a row of them is 32 KiB of the 48 KiB that a block may have

/// Of the kThreads / 8 keys that a block scores at a time, the one that a thread works on. Eight neighbours share a
/// key.
constexpr int key_of(int thread) { return thread / 8; }

/// The first piece of that key's row that it multiplies; the others are 8 apart. A piece is a float, or a float4.
constexpr int piece_of(int thread) { return thread % 8; }

/// The first channel of the values that a thread adds up, over its warp's keys; the others are 32 apart.
constexpr int channel_of(int thread) { return thread % 32; }

/// One call's extents, each >= 1, and its mask. Causal: query i sees key j if j <= i + kv_len - q_len.
struct Problem {
  int batch = 1;
  int heads = 1;
  int kv_heads = 1;
  int q_len = 1;
  int kv_len = 1;
  int head_dim = 1;
  Mask mask = Mask::none;
};

/// Bytes that all threads of a launch load from and store to global memory.
struct Traffic {
  std::int64_t loaded = 0;
  std::int64_t stored = 0;
};

/// What fused_attention moves: a block loads its query, the keys that the query sees, and their values, each once, and
/// stores its output. Exact up to 2^63 - 1. A loop over queries is quick enough, one over pairs is not: extents may be
/// as large as an int.
Traffic traffic(const Problem& problem);

/// Scores of one query, scale q k_j for each key j, by one block. Rows of k are read in whole sectors.
/// @pre 1 <= keys <= kMaxKeys, 1 <= head_dim <= kMaxHeadDim
void query_scores(DeviceTensor<const float> q,  // [head_dim]
                  DeviceTensor<const float> k,  // [keys, head_dim]
                  DeviceOutput<float> scores,   // [keys]
                  float scale, cudaStream_t stream);

/// The sum of weights_j v_j over all keys, by one block. Rows of v are read in whole sectors. @pre as query_scores
void weighted_values(DeviceTensor<const float> weights,  // [keys]
                     DeviceTensor<const float> v,        // [keys, head_dim]
                     DeviceOutput<float> out,            // [head_dim]
                     cudaStream_t stream);

/// Attention in one launch. Takes no device memory; moves traffic() bytes.
/// @throws std::invalid_argument if kv_len > kMaxKeys or head_dim > kMaxHeadDim, naming what was found
void fused_attention(DeviceTensor<const float> q,  // [batch, heads, q_len, head_dim]
                     DeviceTensor<const float> k,  // [batch, kv_heads, kv_len, head_dim]
                     DeviceTensor<const float> v,  // [batch, kv_heads, kv_len, head_dim]
                     DeviceOutput<float> out,      // [batch, heads, q_len, head_dim]
                     Mask mask, cudaStream_t stream);

inline constexpr Contract<traffic, query_scores, weighted_values, fused_attention> contract;

}  // namespace workbook::cuda_fused
