#pragma once
/// Multi-head latent attention (MLA): keys and values of all heads are made from one short vector for each token, and
/// only that vector is cached.
///
///   latent = x w_dkv               [kv_rank] for a token, shared by all heads, as keys and as values
///   k of head h = latent w_uk^(h)  [head_dim]        v of head h = latent w_uv^(h)  [value_dim]
///   rope_key = rope(x w_kr)        [rope_dim], one for all heads: the only part that knows its position
///   q of head h = [ head_dim channels | rope_dim channels, rotated ], from x w_dq w_uq
///   score = (q's head_dim . k + q's rope_dim . rope_key) / sqrt(head_dim + rope_dim)
///
/// Invariants: heads are blocks of columns, head h of width w is columns [h w, (h + 1) w). Attention is causal: the
/// queries are the last q_len of kv_len positions. No score is too large or too far below 0. A query that sees no key
/// gives zeros, a single key has weight 1 exactly. No extent has a limit; a call keeps nothing for the next one.
///
/// DeepSeek-AI, "DeepSeek-V2", arXiv:2405.04434, section 2.1; V3 has the same.

#include <cstdint>

#include "common/contract/contract.h"
#include "common/tensor/linalg.h"

namespace workbook::latent_attention {

/// Projection matrices, as they multiply from the right.
struct LayerWeights {
  Tensor w_dq;   ///< [d_model, q_rank]
  Tensor w_uq;   ///< [q_rank, heads * (head_dim + rope_dim)]; in a head's block, its head_dim columns come first
  Tensor w_dkv;  ///< [d_model, kv_rank]
  Tensor w_kr;   ///< [d_model, rope_dim]
  Tensor w_uk;   ///< [kv_rank, heads * head_dim]
  Tensor w_uv;   ///< [kv_rank, heads * value_dim]
  Tensor w_o;    ///< [heads * value_dim, d_model]
};

/// All that is kept of the past.
struct LatentCache {
  Tensor latent;    ///< [batch, kv_len, kv_rank]
  Tensor rope_key;  ///< [batch, kv_len, rope_dim], rotated
};

/// Two ways to the same scores and outputs.
enum class Form {
  expanded,  ///< keys and values of a head are made from the latents, then attention as ever
  absorbed,  ///< the query goes to the latents: w_uk is multiplied into it, w_uv into the result
};

/// What a token leaves behind in one layer.
enum class Scheme { multi_head, grouped_query, multi_query, latent };

/// A model, as far as its cache is concerned.
struct Model {
  int layers = 1;
  int heads = 1;
  int kv_heads = 1;           ///< of Scheme::grouped_query
  int head_dim = 1;           ///< of keys and of values
  int kv_rank = 1;            ///< of Scheme::latent
  int rope_dim = 1;           ///< of Scheme::latent
  int bytes_per_element = 2;  ///< 2: float16 or bfloat16
};

/// One head's attention, without a mask.
struct Problem {
  int q_len = 1;
  int kv_len = 1;
  int head_dim = 1;
  int value_dim = 1;
  int rope_dim = 1;
  int kv_rank = 1;
};

/// Rotary position embedding (Su et al. 2021): channels 2c and 2c + 1 of the row at position p turn by the angle
/// p 10000^(-2c / rope_dim), (a, b) -> (a cos - b sin, a sin + b cos). Row i has position first_position + i.
/// Angles are right for positions up to 10^6, so they are computed in double. @pre rope_dim is even
Tensor rope(const Tensor& x,               // [batch, heads, seq, rope_dim]
            std::int64_t first_position);  // -> the same shape

/// What is cached of these tokens: latents, and rotated rope keys. Time O(batch seq d_model (kv_rank + rope_dim)).
LatentCache compress(const Tensor& x,  // [batch, seq, d_model]
                     const LayerWeights& weights,
                     std::int64_t first_position);  // -> latent, rope_key

/// Queries of all heads: down to q_rank, up to all heads, the last rope_dim channels of each head rotated.
Tensor queries(const Tensor& x,  // [batch, seq, d_model]
               const LayerWeights& weights, int heads,
               std::int64_t first_position);  // -> [batch, heads, seq, head_dim + rope_dim]

/// Attention on keys and values that are made from the latents, a head at a time: once for all queries of a sequence.
/// A query meets these, and no latent. Workspace: keys, values and scores of one head.
Tensor expanded_attention(const Tensor& q,           // [batch, heads, q_len, head_dim + rope_dim]
                          const LatentCache& cache,  // of kv_len positions
                          const Tensor& w_uk,        // [kv_rank, heads * head_dim]
                          const Tensor& w_uv);       // [kv_rank, heads * value_dim] -> [batch, heads, q_len, value_dim]

/// The same result, straight from the latents: no key and no value is ever made, not even one at a time. w_uk and w_uv
/// are multiplied with what belongs to queries, q_len rows. Workspace: scores of one head, and O(q_len kv_rank).
Tensor absorbed_attention(const Tensor& q,           // [batch, heads, q_len, head_dim + rope_dim]
                          const LatentCache& cache,  // of kv_len positions
                          const Tensor& w_uk,        // [kv_rank, heads * head_dim]
                          const Tensor& w_uv);       // [kv_rank, heads * value_dim] -> [batch, heads, q_len, value_dim]

/// The layer over a whole sequence, from position 0: queries, compress, attention in this form, w_o. Both give the
/// same. Workspace: the queries, the cache, what attention gives, and what this form of attention takes.
Tensor forward(const Tensor& x,  // [batch, seq, d_model]
               const LayerWeights& weights, int heads,
               Form form);  // -> [batch, seq, d_model]

/// Bytes that one token adds to the cache of the model: keys and values of every layer and KV head, or a latent and a
/// rope key of every layer. Exact up to 2^63 - 1.
std::int64_t cache_bytes_per_token(Scheme scheme, const Model& model);

/// FLOPs of one head's attention, a multiplication and an addition counting 1 each: all products between q, the
/// latents, w_uk^(h), w_uv^(h) and the result, as Form describes them. Not counted: softmax, rotation. Exact up to
/// 2^63 - 1.
std::int64_t flops(Form form, const Problem& problem);

inline constexpr Contract<rope, compress, queries, expanded_attention, absorbed_attention, forward,
                          cache_bytes_per_token, flops>
    contract;

}  // namespace workbook::latent_attention
