#pragma once
/// An attention layer with projections: x -> q, k, v -> heads -> attention -> w_o, and what goes wrong around
/// attention.

#include "common/checker/attention/attends.h"

namespace workbook::attention_tests {

/// Arguments of a contract's layer: Weights are its w_q, w_k, w_v and w_o, Config has its mask, its heads, and its
/// kv_heads if these may be fewer.
template <class Weights, class Config>
struct LayerOf {
  Tensor x;       ///< [batch, q_len, d_model]
  Tensor memory;  ///< [batch, kv_len, d_memory]; x in self-attention
  Weights weights;
  Config config;

  /// @param width of all heads together, kv_width of all KV heads together
  static LayerOf random(const Shape& x, const Shape& memory, std::int64_t width, std::int64_t kv_width,
                        const Config& config) {
    LayerOf layer = random_self(x, width, kv_width, config);
    layer.memory = random_normal(memory);
    layer.weights.w_k = random_projection(memory[2], kv_width);
    layer.weights.w_v = random_projection(memory[2], kv_width);
    return layer;
  }

  /// Keys and values are made from x.
  static LayerOf random_self(const Shape& x, std::int64_t width, std::int64_t kv_width, const Config& config) {
    LayerOf layer{random_normal(x),
                  {},
                  {.w_q = random_projection(x[2], width),
                   .w_k = random_projection(x[2], kv_width),
                   .w_v = random_projection(x[2], kv_width),
                   .w_o = random_projection(width, x[2])},
                  config};
    layer.memory = layer.x;
    return layer;
  }

  std::int64_t kv_heads() const {
    if constexpr (requires { config.kv_heads; })
      return config.kv_heads;
    else
      return config.heads;
  }
};

// From [batch, seq, heads * head_dim] to [batch, heads, seq, head_dim] and back without moving a number: wrong.
Tensor64 split_by_shape(const Tensor64& x, std::int64_t heads);
Tensor64 merge_by_shape(const Tensor64& x);

// Head h is every heads-th channel, from channel h on: wrong.
Tensor64 split_interleaved(const Tensor64& x, std::int64_t heads);
Tensor64 merge_interleaved(const Tensor64& x);

/// A layer's parts, to be exchanged. Where parts do not fit, the result is empty, and agrees with nothing.
struct LayerParts {
  Tensor64 q_from, k_from, v_from;
  oracle::LayerWeights w;
  oracle::Attention options;
  std::int64_t heads, kv_heads;
  std::optional<RowSlip> slip = {};
  Tensor64 (*split)(const Tensor64&, std::int64_t) = oracle::split_heads;
  Tensor64 (*merge)(const Tensor64&) = oracle::merge_heads;
  std::int64_t first_head = 0;  ///< heads before it are left out of the result
  bool one_strip = false;       ///< every head meets the first rows of w_o
  bool one_batch = false;       ///< what meets w_o is that of batch 0
  bool no_projection = false;   ///< w_o is left out
  bool batches_add_up = false;  ///< the result of a sequence is added to those before it

  Tensor64 operator()() const;

  Tensor64 repeated_strip() const;
};

template <class Layer>
LayerParts parts_of(const Layer& l) {
  const auto& w = l.weights;
  return {.q_from = to_double(l.x),
          .k_from = to_double(l.memory),
          .v_from = to_double(l.memory),
          .w = {to_double(w.w_q), to_double(w.w_k), to_double(w.w_v), to_double(w.w_o)},
          .options = {.visible = oracle::visible(l.config.mask, l.x.dim(1), l.memory.dim(1))},
          .heads = l.config.heads,
          .kv_heads = l.kv_heads()};
}

/// Knows queries, keys and values that are made from something else.
Matches but_not_another_source(Matches matcher, const LayerParts& right);

/// Knows heads that are cut, put together or projected in another way.
Matches but_not_another_mixture(Matches matcher, const LayerParts& right);

/// Matches what a layer returns. It knows no mistakes.
Matches matches_layer(const LayerParts& right);
template <class Layer>
Matches matches_layer(const Layer& layer) {
  return matches_layer(parts_of(layer));
}

/// Matches what a layer returns after a call with another layer of the same shapes, and knows what may survive a call.
Matches projects_after(const LayerParts& earlier, const LayerParts& right);
template <class Layer>
Matches projects_after(const Layer& earlier, const Layer& layer) {
  return projects_after(parts_of(earlier), parts_of(layer));
}

/// Matches what a layer returns, and knows the mistakes that people make around attention.
Matches projects_and_attends(const LayerParts& right);
template <class Layer>
Matches projects_and_attends(const Layer& layer) {
  return projects_and_attends(parts_of(layer));
}

}  // namespace workbook::attention_tests
