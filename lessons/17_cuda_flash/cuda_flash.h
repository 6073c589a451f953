#pragma once
/// Flash attention on a GPU: a block has a tile of queries, walks over tiles of keys and values in shared memory, and
/// keeps an online softmax in registers. No score is ever written to device memory.
///
/// What is computed is what the definition gives, softmax(q k^T / sqrt(head_dim) + mask) v, up to rounding:
///   - heads is a multiple of kv_heads, and query head h reads KV head h / (heads / kv_heads);
///   - lengths may be any, also less than a tile, and head_dim any from 1 to 256;
///   - a query that sees no key gives zeros, and its log-sum-exp is -inf; one that sees a single key, of score 0,
///     returns its value bit for bit, and the log-sum-exp 0;
///   - nothing overflows and no weight is lost, however large or small the scores are;
///   - batch and heads are at most 65,535 each; q_len and batch heads may be larger, so only x of a grid counts them.
/// Tensors are dense, row-major and in device memory; each begins at a multiple of 256 bytes, as cudaMalloc gives them.
/// Work is put on `stream`, which nobody waits for, in blocks of kThreads threads. A CUDA error is thrown.

#include <cstdint>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/cuda/device_tensor.h"

namespace workbook::cuda_flash {

inline constexpr int kTile = 32;     ///< rows of a tile: of queries, of keys, of values
inline constexpr int kThreads = 64;  ///< of a block: two warps, each with 16 queries of the tile

/// Queries of a thread in its block's tile, r = 0..3. Eight neighbouring lanes have the same four.
constexpr int query_of(int thread, int r) { return thread / 32 * 16 + thread % 32 / 8 + 4 * r; }

/// Keys of a tile that a thread scores its queries with, j = 0..3.
constexpr int key_of(int thread, int j) { return thread % 8 + 8 * j; }

/// Float4s of the output's rows that a thread adds up for its queries, c = 0, 1, ...: channels [4 x, 4 x + 4).
constexpr int column_of(int thread, int c) { return thread % 8 + 8 * c; }

/// One call's extents, each >= 1, and its mask.
struct Problem {
  int batch = 1;
  int heads = 1;
  int kv_heads = 1;
  int q_len = 1;
  int kv_len = 1;
  int head_dim = 1;
  Mask mask = Mask::none;
};

/// Bytes of keys and values that blocks of kTile queries load in all: a block loads each key that its last query sees,
/// and its value, once. Exact up to 2^63 - 1. A loop over blocks is quick enough, one over keys is not: extents
/// may be as large as an int.
std::int64_t kv_bytes(const Problem& problem);

/// Float4s (16 bytes) from one row of a tile to the next in shared memory: enough for head_dim floats, at most one
/// float4 more than that takes, and such that 8 rows one behind the other begin in 8 different groups of four banks.
/// @pre 1 <= head_dim <= 256
int tile_pitch(int head_dim);

/// Scores of one tile, by one block: scale q k^T. @pre 1 <= queries, keys <= kTile
void tile_scores(DeviceTensor<const float> q,  // [queries, head_dim]
                 DeviceTensor<const float> k,  // [keys, head_dim]
                 DeviceOutput<float> scores,   // [queries, keys]
                 float scale, cudaStream_t stream);

/// Exact attention, one launch (Dao et al. 2022; Dao 2023, algorithm 1). Time O(batch heads q_len kv_len head_dim);
/// no device memory beside the arguments, kv_bytes() of keys and values loaded.
void flash_attention(DeviceTensor<const float> q,  // [batch, heads, q_len, head_dim]
                     DeviceTensor<const float> k,  // [batch, kv_heads, kv_len, head_dim]
                     DeviceTensor<const float> v,  // [batch, kv_heads, kv_len, head_dim]
                     DeviceOutput<float> out,      // [batch, heads, q_len, head_dim]
                     DeviceOutput<float> lse,      // [batch, heads, q_len]
                     Mask mask, cudaStream_t stream);

inline constexpr Contract<kv_bytes, tile_pitch, tile_scores, flash_attention> contract;

}  // namespace workbook::cuda_flash
