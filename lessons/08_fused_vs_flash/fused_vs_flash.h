#pragma once
/// Exact attention that never holds the score matrix, in two ways, and the bytes that each of them moves.
///
/// fused: one row of scores at a time. flash: tiles of queries and keys, with a running softmax for each query.
/// Both give what the definition gives, softmax(q k^T / sqrt(head_dim) + mask) v, up to rounding:
///   - heads is a multiple of kv_heads, and query head h reads KV head h / (heads / kv_heads);
///   - a query that sees no key gives zeros, and its log-sum-exp is -inf;
///   - a query that sees a single key gives its value, bit by bit;
///   - nothing overflows, however large the scores are, and no finite score is too small to count;
///   - the result depends on the arguments only, not on earlier calls.

#include <cstdint>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/tensor/linalg.h"

namespace workbook::fused_vs_flash {

/// Tiles may have any size from 1 to the largest int: they need not divide the lengths, and may exceed them.
struct FlashOptions {
  Mask mask = Mask::none;
  int q_tile = 64;    ///< queries that are worked on at a time
  int kv_tile = 256;  ///< keys that they meet at a time
};

struct FlashResult {
  Tensor output;  ///< [batch, heads, q_len, head_dim]
  Tensor lse;     ///< [batch, heads, q_len]: log of the sum of exp(score) over the keys that the query sees
};

/// What computes attention.
enum class Algorithm {
  unfused,  ///< whole matrices: scores, their softmax, output
  fused,    ///< one query at a time meets all keys
  flash,    ///< q_tile queries at a time meet all keys
};

/// One head's attention without a mask, in float32.
struct Problem {
  int q_len = 1;
  int kv_len = 1;
  int head_dim = 1;
  int q_tile = 1;  ///< of flash; the others ignore it
};

/// Attention with one row of scores at a time, used again by the next query.
/// Time O(batch heads q_len kv_len head_dim). Workspace O(kv_len), whatever batch, heads and q_len are.
Tensor fused_attention(const Tensor& q,  // [batch, heads, q_len, head_dim]
                       const Tensor& k,  // [batch, kv_heads, kv_len, head_dim]
                       const Tensor& v,  // [batch, kv_heads, kv_len, head_dim]
                       Mask mask);       // -> [batch, heads, q_len, head_dim]

/// Attention tile by tile (Dao 2023, algorithm 1). A tile of keys that no query of a tile of queries sees is not read;
/// one that is seen is read once for each tile of queries: one pass, with a maximum that may grow.
/// Time O(batch heads q_len kv_len head_dim), about half of it if causal.
/// Workspace O(q_tile (kv_tile + head_dim)), whatever the lengths are.
/// @throws std::invalid_argument if a tile size is < 1, naming what was found
FlashResult flash_attention(const Tensor& q,               // [batch, heads, q_len, head_dim]
                            const Tensor& k,               // [batch, kv_heads, kv_len, head_dim]
                            const Tensor& v,               // [batch, kv_heads, kv_len, head_dim]
                            const FlashOptions& options);  // -> output, lse

/// Bytes that move between a slow memory, where q, k, v and the output live, and a fast one that holds little more than
/// what is worked on. Each step reads every operand that it needs from slow memory once and writes its result there:
///   unfused  scores from q and k; softmax from scores; output from softmax and v: three steps over whole matrices
///   fused    a step for each query: reads it, all keys and all values; writes its output
///   flash    a step for each tile of queries: reads it, all keys and all values; writes its outputs
/// Exact up to 2^63 - 1. @pre every extent >= 1
std::int64_t traffic_bytes(Algorithm algorithm, const Problem& problem);

/// FLOPs of the two products, a multiplication and an addition counting 1 each, for every byte of traffic_bytes.
double arithmetic_intensity(Algorithm algorithm, const Problem& problem);

inline constexpr Contract<fused_attention, flash_attention, traffic_bytes, arithmetic_intensity> contract;

}  // namespace workbook::fused_vs_flash
