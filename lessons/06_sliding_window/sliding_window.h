#pragma once
/// Attention that looks at a part of the keys only: a sliding window, or chosen blocks.
///
/// Query i of q_len stands at position p = i + kv_len - q_len: the queries are the last q_len of kv_len positions. If
/// there are more queries than keys, the first of them stand before all keys, at negative positions.
///   - Window: it sees key j if |p - j| < window. So the window counts the query itself: with window 4 it sees itself
///     and three keys before it.
///   - Mask::causal: it sees key j if j <= p. Where there are a window and a causal mask, both must let a key through.
/// A window may be wider than the sequence, up to the largest std::int64_t; it then hides nothing. A query that sees no
/// key gives zeros, one that sees a single key gives its value, bit by bit. Scores may be any finite floats. Results
/// depend on the arguments only, not on earlier calls.

#include <cstdint>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/tensor/linalg.h"

namespace workbook::sliding_window {

/// Keys [first, first + count): what `rows(k, first, count)` takes. No keys: {0, 0}.
struct KeyRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// Which blocks of keys a block of queries sees. Position p belongs to block p / block_size.
struct LayoutConfig {
  int blocks = 1;          ///< of the sequence, >= 1
  int local = 1;           ///< a window of blocks, counted as keys are: block i sees block j if |i - j| < local; >= 1
  int global = 0;          ///< the first blocks: they see every block, and every block sees them
  int random = 0;          ///< so many blocks more, drawn for each block of queries
  std::uint64_t seed = 0;  ///< of the draw
  Mask mask = Mask::none;  ///< causal: block i sees no block after i, be it local, global or random
};

/// Key block j's lot in the draw for query block i: 64 bits that look random. For one seed, no two lots are equal.
/// @see Steele, Lea and Flood, OOPSLA 2014: the mixing function of SplitMix64
constexpr std::uint64_t lot(std::uint64_t seed, int i, int j) {
  std::uint64_t z = (static_cast<std::uint64_t>(i) << 32) + static_cast<std::uint64_t>(j) + 1;
  z = seed + z * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// Whether a query sees a key, for all pairs: the definition. Time and memory O(q_len kv_len). @pre window >= 1
TensorOf<bool> window_mask(std::int64_t q_len, std::int64_t kv_len, std::int64_t window,
                           Mask mask);  // -> [q_len, kv_len]

/// The keys that one query sees: the row of window_mask, as a range. Time O(1).
/// @pre window >= 1 and 0 <= query < q_len
KeyRange key_range(std::int64_t query, std::int64_t q_len, std::int64_t kv_len, std::int64_t window, Mask mask);

/// softmax(q k^T / sqrt(head_dim)) v, for each query over the keys of its window and nothing else: what stands outside
/// is never read for it, and does not reach its result even if it is NaN.
/// Time O(batch heads q_len window head_dim), whatever kv_len is. Workspace O(q_len window): the scores of one head.
/// @throws std::invalid_argument if window < 1, naming what was found
Tensor sliding_window_attention(const Tensor& q,                  // [batch, heads, q_len, head_dim]
                                const Tensor& k,                  // [batch, heads, kv_len, head_dim]
                                const Tensor& v,                  // [batch, heads, kv_len, head_dim]
                                std::int64_t window, Mask mask);  // -> [batch, heads, q_len, head_dim]

/// The layout of config: true where block i of queries sees block j of keys. First come the local and the global
/// blocks. Then each row takes config.random blocks more, of those that it does not see yet and that the mask lets it
/// see: the ones with the smallest lot(config.seed, i, j). If there are not so many, it takes all of them.
TensorOf<bool> block_layout(const LayoutConfig& config);  // -> [blocks, blocks]

/// softmax(q k^T / sqrt(head_dim)) v, where the query at position p sees key j if
/// layout[p / block_size, j / block_size], and, with a causal mask, j <= p. The last block may be smaller than the
/// others. Blocks that the layout hides from a query are not read for it.
/// Time O(head_dim) for each pair of a query and a key in a block that it sees. Workspace: the scores of one block of
/// queries, at most.
/// @pre block_size >= 1, up to the largest std::int64_t, and q_len <= kv_len
/// @throws std::invalid_argument if the layout is not [blocks, blocks] with enough blocks for kv_len and none to spare
Tensor block_sparse_attention(const Tensor& q,                      // [batch, heads, q_len, head_dim]
                              const Tensor& k,                      // [batch, heads, kv_len, head_dim]
                              const Tensor& v,                      // [batch, heads, kv_len, head_dim]
                              const TensorOf<bool>& layout,         // [blocks, blocks]
                              std::int64_t block_size, Mask mask);  // -> [batch, heads, q_len, head_dim]

inline constexpr Contract<window_mask, key_range, sliding_window_attention, block_layout, block_sparse_attention>
    contract;

}  // namespace workbook::sliding_window
