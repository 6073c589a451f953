#pragma once
/// What stands between x and the heads: products over all tokens, and cutting them into heads.

#include "backend.h"

namespace workbook::bench {

/// x w for all rows, shared among threads. x [..., inputs] -> [rows, outputs]
Tensor project(const Tensor& x, const Tensor& w, int threads);

/// Columns [first, first + heads * head_dim) of [batch * seq, width] -> [batch, heads, seq, head_dim].
Tensor split_heads(const Tensor& projected, std::int64_t batch, std::int64_t first, std::int64_t heads,
                   std::int64_t head_dim);

/// [batch, heads, seq, head_dim] -> [batch * seq, heads * head_dim].
Tensor merge_heads(const Tensor& x);

/// Queries, keys and values of multi-head latent attention, expanded: the rotated part, shared by all heads in k,
/// stands after each head's own channels, and v has zeros there, so that every backend can take them.
struct Expanded {
  Tensor q;  ///< [batch, heads, seq, head_dim + rope_dim]
  Tensor k;  ///< [batch, heads, seq, head_dim + rope_dim]
  Tensor v;  ///< [batch, heads, seq, head_dim + rope_dim]
};
Expanded expand_latent(const Tensor& x, const attention_layer::Weights& weights, const attention_layer::Config& config);

/// The first `count` channels of each head.
Tensor first_channels(const Tensor& x, std::int64_t count);

}  // namespace workbook::bench
