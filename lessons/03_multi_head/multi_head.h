#pragma once
/// Multi-head attention: several attentions side by side, and the projections around them.
///
/// A tensor of `width` channels holds `heads` heads of head_dim = width / heads channels each: head h is channels
/// [h * head_dim, (h + 1) * head_dim) of every row. head_dim is any number >= 1, and width need not be d_model. There
/// may be 0 sequences or tokens: the result then has as many.

#include <cstdint>

#include "common/contract/contract.h"
#include "common/contract/mask.h"
#include "common/tensor/linalg.h"

namespace workbook::multi_head {

struct LayerConfig {
  int heads = 1;
  Mask mask = Mask::none;  ///< causal: the last query and the last key are the same position
};

/// Projection matrices, as they multiply from the right: q = x w_q.
struct LayerWeights {
  Tensor w_q;  ///< [d_model, width]
  Tensor w_k;  ///< [d_memory, width]
  Tensor w_v;  ///< [d_memory, width]
  Tensor w_o;  ///< [width, d_model]
};

/// A layer whose keys and values are made from d_model channels as well.
struct LayerShape {
  int batch = 1;
  int q_len = 1;
  int kv_len = 1;
  int d_model = 1;
  int heads = 1;
  int head_dim = 1;
};

struct LayerCost {
  std::int64_t parameters = 0;        ///< elements of the four projection matrices
  std::int64_t projection_flops = 0;  ///< of the four projections
  std::int64_t attention_flops = 0;   ///< of all scores, and of all weighted sums; masks and softmax not counted
  std::int64_t scores = 0;            ///< numbers that the softmax sees
};

/// One head after the other: head h of the result is channels [h * head_dim, (h + 1) * head_dim).
/// @throws std::invalid_argument if heads < 1 or width is not a multiple of heads; the message names both numbers
Tensor split_heads(const Tensor& x,  // [batch, seq, width]
                   int heads);       // -> [batch, heads, seq, head_dim]

/// Heads side by side: undoes split_heads.
Tensor merge_heads(const Tensor& x);  // [batch, heads, seq, head_dim] -> [batch, seq, heads * head_dim]

/// softmax(q k^T / sqrt(head_dim) + mask) v for every head, with its channels of q, k and v, into its channels of the
/// result (Vaswani et al. 2017). Equals attention between split_heads and merge_heads, without their copies. A query
/// that sees no key gives zeros; one that sees a single key gives its value, bit by bit. Scores may be any finite
/// floats, and the result depends on the arguments only, not on earlier calls.
/// Time O(batch q_len kv_len width). Workspace: the scores of one head.
/// @throws std::invalid_argument if config.heads < 1 or width is not a multiple of it; the message names both
Tensor multi_head_attention(const Tensor& q,             // [batch, q_len, width]
                            const Tensor& k,             // [batch, kv_len, width]
                            const Tensor& v,             // [batch, kv_len, width]
                            const LayerConfig& config);  // -> [batch, q_len, width]

/// One attention layer: queries are made from x, keys and values from `memory`, and the heads' results are mixed by
/// w_o. Self-attention is the case of memory = x.
/// @throws std::invalid_argument if config.heads < 1 or width is not a multiple of it; the message names both
Tensor forward(const Tensor& x,       // [batch, q_len, d_model]
               const Tensor& memory,  // [batch, kv_len, d_memory]
               const LayerWeights& weights,
               const LayerConfig& config);  // -> [batch, q_len, d_model]

/// What a layer of this shape costs. A multiplication and the addition that follows it are 2 FLOPs. Exact up to
/// 2^63 - 1. @pre every extent >= 0
LayerCost layer_cost(const LayerShape& shape);

inline constexpr Contract<split_heads, merge_heads, multi_head_attention, forward, layer_cost> contract;

}  // namespace workbook::multi_head
