#pragma once
/// Grouped-query attention: several query heads share one head of keys and values.
///
/// heads is a multiple of kv_heads, and query head h reads KV head h / n_rep, where n_rep = heads / kv_heads. So
/// neighbouring query heads share. kv_heads = heads is multi-head attention, kv_heads = 1 multi-query attention.

#include <cstdint>
#include <optional>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/tensor/linalg.h"

namespace workbook::grouped_query {

struct AttentionOptions {
  Mask mask = Mask::none;
  /// Factor on q k^T: any finite number, also 0 or a negative one; 1 / sqrt(head_dim) if not given.
  std::optional<float> scale = std::nullopt;
};

/// Projection matrices, as they multiply from the right: q = hidden_states w_q.
struct LayerWeights {
  Tensor w_q;  ///< [d_model, heads * head_dim]
  Tensor w_k;  ///< [d_model, kv_heads * head_dim]
  Tensor w_v;  ///< [d_model, kv_heads * head_dim]
  Tensor w_o;  ///< [heads * head_dim, d_model]
};

/// head_dim is a number of its own: heads * head_dim need not be d_model.
struct LayerConfig {
  int heads = 1;
  int kv_heads = 1;
  int head_dim = 1;
  Mask mask = Mask::causal;
};

/// What a KV cache holds: keys and values of every layer, sequence, KV head and position.
struct CacheShape {
  int layers = 1;
  int batch = 1;
  int kv_heads = 1;
  int kv_len = 1;
  int head_dim = 1;
  int bytes_per_element = 2;  ///< 2: float16 or bfloat16
};

/// Each KV head n_rep times, the copies next to each other: result head h is KV head h / n_rep.
/// Time and memory O(result). @throws std::invalid_argument if n_rep < 1, naming what was found
Tensor repeat_kv(const Tensor& kv,  // [batch, kv_heads, kv_len, head_dim]
                 int n_rep);        // -> [batch, kv_heads * n_rep, kv_len, head_dim]

/// softmax(scale q k^T + mask) v, each query head with the KV head of its group (Ainslie et al. 2023). Equals
/// multi-head attention on repeat_kv(k, n_rep) and repeat_kv(v, n_rep), without the copies. A query that sees no key
/// gives zeros; one that sees a single key gives its value, bit by bit. Scores may be any finite floats, and the result
/// depends on the arguments only, not on earlier calls.
/// Time O(batch heads q_len kv_len head_dim). Workspace: the scores of one head, or of one group.
/// @throws std::invalid_argument if heads is not a multiple of kv_heads; the message names both numbers
Tensor grouped_query_attention(const Tensor& q,                   // [batch, heads, q_len, head_dim]
                               const Tensor& k,                   // [batch, kv_heads, kv_len, head_dim]
                               const Tensor& v,                   // [batch, kv_heads, kv_len, head_dim]
                               const AttentionOptions& options);  // -> [batch, heads, q_len, head_dim]

/// One attention layer: projects to queries, keys and values, attends, and projects back. Head h of a projection is
/// its columns [h * head_dim, (h + 1) * head_dim); the heads' results meet w_o in the same order.
/// Workspace: the projections, the heads' results and the scores of one head, or of one group.
/// @throws std::invalid_argument if config.heads is not a multiple of config.kv_heads; the message names both numbers
Tensor forward(const Tensor& hidden_states,  // [batch, seq, d_model]
               const LayerWeights& weights,
               const LayerConfig& config);  // -> [batch, seq, d_model]

/// Bytes of a KV cache of this shape: two tensors, keys and values. Exact up to 2^63 - 1. @pre every extent >= 0
std::int64_t kv_cache_bytes(const CacheShape& shape);

inline constexpr Contract<repeat_kv, grouped_query_attention, forward, kv_cache_bytes> contract;

}  // namespace workbook::grouped_query
