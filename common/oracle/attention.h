#pragma once
/// Attention by its definition, in double: what lessons are compared with.
///
/// Everything that people get wrong is an argument, so that a wrong formula in a test is the right one with one
/// argument changed. An empty function stands for the right choice.

#include <functional>
#include <optional>

#include "common/contract/mask.h"
#include "common/tensor/compare.h"
#include "common/tensor/tensor.h"

namespace workbook::oracle {

/// Whether query `row` may see key `column`.
using Visible = std::function<bool(std::int64_t row, std::int64_t column)>;

/// The KV head that a query head reads.
using HeadMap = std::function<std::int64_t(std::int64_t head)>;

/// The mask of these lengths; causal is aligned at the end: column <= row + kv_len - q_len.
Visible visible(Mask mask, std::int64_t q_len, std::int64_t kv_len);

struct Attention {
  Visible visible;                  ///< empty: every query sees every key
  std::optional<double> scale;      ///< 1 / sqrt(head_dim) if not given
  HeadMap key_head;                 ///< empty: head / (heads / kv_heads)
  HeadMap value_head;               ///< as key_head
  bool mask_after_softmax = false;  ///< wrong: hidden keys keep their share of the denominator
};

/// softmax(scale q k^T, over visible keys) v; zeros for a query that sees no key.
/// q [batch, heads, q_len, head_dim], k and v [batch, kv_heads, kv_len, head_dim] -> as q.
Tensor64 attention(const Tensor64& q, const Tensor64& k, const Tensor64& v, const Attention& options = {});
Tensor64 attention(const Tensor& q, const Tensor& k, const Tensor& v, const Attention& options = {});

/// Copies next to each other: 0 0 1 1. [batch, kv_heads, kv_len, head_dim] -> [batch, kv_heads * n_rep, ...]
Tensor64 repeat_kv(const Tensor& kv, std::int64_t n_rep);

/// Copies one after the other: 0 1 0 1. Shapes as repeat_kv.
Tensor64 tile_kv(const Tensor& kv, std::int64_t n_rep);

/// x w: [batch, seq, inputs] and [inputs, outputs] -> [batch, seq, outputs].
Tensor64 linear(const Tensor64& x, const Tensor64& w);

/// [batch, seq, heads * head_dim] -> [batch, heads, seq, head_dim], and back.
Tensor64 split_heads(const Tensor64& x, std::int64_t heads);
Tensor64 merge_heads(const Tensor64& x);

/// The matrices of an attention layer, [inputs, outputs] each.
struct LayerWeights {
  Tensor64 w_q, w_k, w_v, w_o;
};

/// x -> linear, split, attention, merge, linear. x and result [batch, seq, d_model].
Tensor64 attention_layer(const Tensor64& x, const LayerWeights& weights, std::int64_t heads, std::int64_t kv_heads,
                         const Attention& options = {});

/// The same with keys and values made from another tensor. x [batch, q_len, d_model], memory [batch, kv_len, d_memory].
Tensor64 cross_attention_layer(const Tensor64& x, const Tensor64& memory, const LayerWeights& weights,
                               std::int64_t heads, std::int64_t kv_heads, const Attention& options = {});

/// What float may lose: 16 times the error of the same formula evaluated in float, plus a few roundings of the largest
/// result. The order of operations is free, and other orders lose about as much: the factor leaves room for them. The
/// error of the scores, which grows with their size, is so taken as it is and not bounded by its worst case, which for
/// a layer is a thousand times larger.
/// @param exact what attention() gives for the same arguments
Tolerance attention_rounding(const Tensor& q, const Tensor& k, const Tensor& v, const Attention& options,
                             const Tensor64& exact);
Tolerance attention_layer_rounding(const Tensor64& x, const LayerWeights& weights, std::int64_t heads,
                                   std::int64_t kv_heads, const Attention& options = {});
Tolerance cross_attention_layer_rounding(const Tensor64& x, const Tensor64& memory, const LayerWeights& weights,
                                         std::int64_t heads, std::int64_t kv_heads, const Attention& options = {});

}  // namespace workbook::oracle
