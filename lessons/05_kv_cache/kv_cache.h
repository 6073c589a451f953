#pragma once
/// Decoding with a KV cache: rotary positions, a cache that grows in place, the layer that uses both, and its cost.
///
/// Tokens are numbered 0, 1, 2, ... as they arrive. A token's *number* decides where its key lies and who sees it; its
/// *position id* decides by which angle its query and its key turn. The two differ where a sequence is padded.
///
/// Invariants:
///   - a key is rotated once, with its token's position id, before it is stored; nothing in the cache changes later;
///   - a prompt in one piece, in pieces of any lengths, or token by token gives the same output, up to rounding;
///   - heads is a multiple of kv_heads, and query head h reads KV head h / (heads / kv_heads);
///   - no extent has a limit but the cache's capacity, and every number in a tensor is finite.

#include <algorithm>
#include <cstdint>

#include "common/contract/contract.h"
#include "common/tensor/linalg.h"

namespace workbook::kv_cache {

using PositionIds = TensorOf<std::int64_t>;  ///< [batch, seq]

/// Which channels of a head form a pair; a head has head_dim channels, and head_dim is even.
enum class Pairing {
  halves,      ///< c and c + head_dim / 2: LLaMA's checkpoints for Hugging Face, GPT-NeoX
  neighbours,  ///< 2c and 2c + 1: the RoPE paper, LLaMA's original checkpoints, lesson 11
};

struct CacheConfig {
  int batch = 1;
  int kv_heads = 1;
  int head_dim = 1;
  int capacity = 1;   ///< tokens of each sequence that there is room for, at least 1
  bool ring = false;  ///< once full: false refuses more tokens, true overwrites the oldest
};

/// Keys and values of the tokens of one layer, in one piece of memory that is allocated once.
/// It holds the tokens first() to seen() - 1. Token t lies in row t % capacity, in a ring or not.
class KvCache {
 public:
  /// Empty, with its memory allocated.
  explicit KvCache(const CacheConfig& config)
      : ring_(config.ring), storage_({config.batch, 2 * config.kv_heads, config.capacity, config.head_dim}) {}

  std::int64_t capacity() const { return storage_.dim(2); }
  std::int64_t kv_heads() const { return storage_.dim(1) / 2; }
  bool ring() const { return ring_; }
  /// Tokens so far, which is the number of the next one.
  std::int64_t seen() const { return seen_; }
  /// Number of the oldest token that is still there.
  std::int64_t first() const { return first_; }

  /// Views of [capacity, head_dim]; rows that hold no token mean nothing.
  ConstView keys(std::int64_t sequence, std::int64_t kv_head) const { return storage_.matrix(sequence, kv_head); }
  ConstView values(std::int64_t sequence, std::int64_t kv_head) const {
    return storage_.matrix(sequence, kv_heads() + kv_head);
  }
  /// [batch, 2 kv_heads, capacity, head_dim]: of each sequence the keys of all KV heads, then their values.
  const Tensor& storage() const { return storage_; }

  /// Adds the next seq tokens. A ring keeps the last `capacity` of all tokens; seq itself may be larger.
  /// Reads and writes O(seq) rows, however many are there, and needs no workspace.
  /// @throws std::invalid_argument if they do not fit and this is no ring, naming capacity() and how many tokens there
  /// would be; nothing is changed then
  void append(const Tensor& k,   // [batch, kv_heads, seq, head_dim], rotated
              const Tensor& v);  // [batch, kv_heads, seq, head_dim]

  /// Takes back all tokens from number `length` on: what follows is as if they had never been. first() stays. O(1).
  /// @throws std::invalid_argument if length is not in [0, seen()], naming both; or if the next token, number `length`,
  /// would miss a token of its window that a ring has overwritten, that is if length < seen() and first() >
  /// max(0, length - (capacity() - 1)), naming length and first(). Nothing is changed then
  void truncate(std::int64_t length);

 private:
  bool ring_;
  Tensor storage_;
  std::int64_t seen_ = 0, first_ = 0;
};

/// Projection matrices, as they multiply from the right: q = hidden_states w_q.
struct LayerWeights {
  Tensor w_q;  ///< [d_model, heads * head_dim]
  Tensor w_k;  ///< [d_model, kv_heads * head_dim]
  Tensor w_v;  ///< [d_model, kv_heads * head_dim]
  Tensor w_o;  ///< [heads * head_dim, d_model]
};

/// The next q_len tokens of every sequence.
struct Tokens {
  Tensor hidden_states;           ///< [batch, q_len, d_model]
  PositionIds position_ids;       ///< [batch, q_len]
  TensorOf<bool> attention_mask;  ///< [batch, seen + q_len], by the tokens' numbers; false: padding, which nobody sees
};

/// A model, as far as its attention layers are concerned. Its cache holds keys and values of kv_heads heads, or, if
/// kv_rank > 0, one latent of kv_rank numbers and one rope key of rope_dim numbers for each token (lesson 11).
struct Model {
  int layers = 1;
  int d_model = 1;
  int heads = 1;
  int kv_heads = 1;
  int head_dim = 1;
  int kv_rank = 0;
  int rope_dim = 0;
  int bytes_per_element = 2;  ///< of weights, cache and hidden states; 2: float16 or bfloat16
};

/// What is computed at once: q_len new tokens of each sequence, after past_len that are cached.
struct Step {
  int batch = 1;
  int past_len = 0;
  int q_len = 1;
};

struct Cost {
  std::int64_t flops = 0;
  std::int64_t bytes = 0;
};

/// Rotary position embedding (Su et al. 2021), paired as in LLaMA: channels c and c + head_dim / 2 of a row turn by
/// position_id * base^(-2c / head_dim), (a, b) -> (a cos - b sin, a sin + b cos). All heads of a token turn alike.
/// Angles are right for position ids from -10^6 to 10^6, so they are computed in double. @pre head_dim is even
Tensor rope(const Tensor& x,                  // [batch, heads, seq, head_dim]
            const PositionIds& position_ids,  // [batch, seq], any order
            double base);                     // -> as x

/// Weights w_q or w_k that were trained with the other pairing, for code that rotates with pairing `to`: the columns of
/// each head in another order, so that all scores stay as they were. @throws std::invalid_argument if the columns
/// cannot be cut into heads of an even number of channels, naming columns and heads
Tensor change_pairing(const Tensor& w,  // [d_model, heads * head_dim]
                      int heads,
                      Pairing to);  // -> as w

/// The attention layer for the next tokens. Their queries and keys are rotated. Token number t sees the tokens up to
/// number t, itself included, that are no padding; in a ring only those from number t - capacity() + 1 on. The scores
/// are scaled by 1 / sqrt(head_dim); a token that sees nothing has zeros for each head's result. If use_cache, the
/// tokens are then in the cache; else the cache is as before, and they need no room in it.
/// Workspace: queries, keys, values and results of the new tokens, and the scores of one head.
/// @throws std::invalid_argument as KvCache::append; nothing is changed then
Tensor forward(const Tokens& tokens, const LayerWeights& weights, int heads, double rope_base, KvCache& cache,
               bool use_cache);  // -> [batch, q_len, d_model]

/// Bytes of a cache of `tokens` tokens for each of `batch` sequences, all layers. Exact up to 2^63 - 1.
std::int64_t cache_bytes(const Model& model, int batch, int tokens);

/// FLOPs and bytes of all attention layers in this step, if nothing is moved again. Exact up to 2^63 - 1.
///   FLOPs, 2 for a multiplication and an addition: the products with w_q, w_k, w_v and w_o; then a score and the
///   weighting of a value for each query head and each pair of a token and a token that it sees. Not softmax and rope.
///   Bytes: the four weights, which the whole batch shares; of each sequence, the cached keys and values are read,
///   those of the new tokens written, their hidden states read and their outputs written.
/// @pre kv_rank is 0
Cost step_cost(const Model& model, const Step& step);

inline constexpr Contract<rope, change_pairing, construct<KvCache, const CacheConfig&>, &KvCache::append,
                          &KvCache::truncate, &KvCache::seen, &KvCache::first, &KvCache::storage, forward, cache_bytes,
                          step_cost>
    contract;

}  // namespace workbook::kv_cache
