#pragma once
/// Flash attention at the speed of the processor's multipliers, in rungs: a vector exponential, two tiles that live in
/// registers, the loops around them, threads, and decoding from a cache of floats or bfloat16.
///
/// What all of it owes:
///   - attention is softmax(q k^T / sqrt(head_dim) + mask) v, up to rounding. Lengths and head_dim may have any size;
///   - heads is a multiple of kv_heads, and query head h reads KV head h / (heads / kv_heads);
///   - a query that sees no key gives zeros, and its log-sum-exp is -inf;
///   - a query that sees a single key gives its value, bit by bit;
///   - nothing overflows as long as log2(e) times a score is a float, and the most negative of them still counts;
///   - the result depends on the arguments only, not on earlier calls; threads that were started have ended.
///
/// common/tensor/lanes.h has the vectors: Floats, load, store and what else the lesson uses.

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/tensor/lanes.h"
#include "common/tensor/tensor.h"

namespace workbook::vectorized_flash {

/// Queries that are worked on side by side: number i of a row belongs to query i. A tile is stored transposed, a row of
/// kStrip queries for each key or each channel, so that every row is two whole vectors.
inline constexpr int kStrip = 2 * kLanes;

struct FlashOptions {
  Mask mask = Mask::none;
  int threads = 1;  ///< that work on it, the caller's included
};

struct FlashResult {
  Tensor output;  ///< [batch, heads, q_len, head_dim]
  Tensor lse;     ///< [batch, heads, q_len]: natural logarithm of the sum of exp(score) over the keys that a query sees
};

/// 2^x for each element, kLanes at a time, without std::exp2.
/// At most 3 ulp from the true value if that is 2^-126 or more; smaller ones may be 0; 2^-inf is 0, 2^0 is 1, and NaN
/// stays NaN. @pre every element is <= 0 or NaN: in softmax, nothing exceeds the maximum
Tensor exp2(const Tensor& x);  // any shape -> the same shape

/// Scores of a strip, transposed: k q^T, without a scale.
/// A tile of sums stays in registers until it is finished: each number of k that is loaded serves at least 8 queries,
/// and each of q_t at least 2 keys, remainders excepted.
Tensor score_tile(const Tensor& q_t,  // [head_dim, kStrip]
                  const Tensor& k);   // [keys, head_dim] -> [keys, kStrip]

/// A strip's running output: o_t = factor o_t + v^T p_t, with a factor for each query.
/// A tile of o_t stays in registers: each number of v that is loaded serves at least 8 queries, each of p_t at least 2
/// channels, remainders excepted, and each of o_t is loaded once and stored once.
void weigh_tile(const Tensor& p_t,     // [keys, kStrip], weights
                const Tensor& v,       // [keys, head_dim]
                const Tensor& factor,  // [kStrip]
                Tensor& o_t);          // [head_dim, kStrip]

/// Attention strip by strip, with the running softmax of lesson 08, several strips for each block of keys.
/// Keys that no query of a strip sees are not read for it. Time as lesson 08. Workspace at most 512 KiB for each thread
/// if head_dim <= 256, whatever the lengths are. Threads share blocks of queries, of one head as well.
/// @throws std::invalid_argument if threads < 1, naming what was found
FlashResult flash_attention(const Tensor& q,               // [batch, heads, q_len, head_dim]
                            const Tensor& k,               // [batch, kv_heads, kv_len, head_dim]
                            const Tensor& v,               // [batch, kv_heads, kv_len, head_dim]
                            const FlashOptions& options);  // -> output, lse

/// Attention of one query for each sequence and head, which sees all keys: bound by the reading of the cache.
/// Each key and each value is read once for all query heads that share it. Threads share the keys, of one KV head as
/// well: each keeps a maximum, a sum and weighted values, and these are merged as in lesson 07.
/// Workspace O(threads heads head_dim). @pre q_len is 1. @throws std::invalid_argument if threads < 1
Tensor decode_attention(const Tensor& q,  // [batch, heads, 1, head_dim]
                        const Tensor& k,  // [batch, kv_heads, kv_len, head_dim]
                        const Tensor& v,  // [batch, kv_heads, kv_len, head_dim]
                        int threads);     // -> [batch, heads, 1, head_dim]

/// The same from a cache of half the bytes. Arithmetic and result are float: nothing is rounded but what the cache
/// holds already. @throws as decode_attention
Tensor decode_attention_bf16(const Tensor& q,              // [batch, heads, 1, head_dim]
                             const TensorOf<bfloat16>& k,  // [batch, kv_heads, kv_len, head_dim]
                             const TensorOf<bfloat16>& v,  // [batch, kv_heads, kv_len, head_dim]
                             int threads);                 // -> [batch, heads, 1, head_dim]

inline constexpr Contract<exp2, score_tile, weigh_tile, flash_attention, decode_attention, decode_attention_bf16>
    contract;

}  // namespace workbook::vectorized_flash
