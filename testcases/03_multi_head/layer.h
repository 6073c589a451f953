#pragma once
/// What forward should return, and what comes out when somebody has one idea wrong.

#include <cmath>

#include "heads.h"

namespace workbook::multi_head {

struct Layer {
  Tensor x, memory;
  LayerWeights weights;
  LayerConfig config;
};

/// Elements of q, k and v are of size 1.
inline Layer random_layer(const Shape& x, const Shape& memory, std::int64_t width, const LayerConfig& config) {
  const auto weights = [](std::int64_t in, std::int64_t out) {
    return random_normal({in, out}, 1 / std::sqrt(static_cast<float>(in)));
  };
  return {random_normal(x),
          random_normal(memory),
          {.w_q = weights(x[2], width),
           .w_k = weights(memory[2], width),
           .w_v = weights(memory[2], width),
           .w_o = weights(width, x[2])},
          config};
}

/// The layer of self-attention: keys and values are made from x.
inline Layer random_self_layer(const Shape& x, std::int64_t width, const LayerConfig& config) {
  Layer layer = random_layer(x, x, width, config);
  layer.memory = layer.x;
  return layer;
}

/// A layer's parts, to be exchanged. Where parts do not fit, the result is empty, and agrees with nothing.
struct Parts {
  Tensor64 q_from, k_from, v_from;
  Tensor64 w_q, w_k, w_v, w_o;
  oracle::Attention options;
  std::int64_t heads;
  Tensor64 (*split)(const Tensor64&, std::int64_t) = oracle::split_heads;
  Tensor64 (*merge)(const Tensor64&) = oracle::merge_heads;
  std::int64_t first_head = 0;  ///< heads before it are left out of the result
  bool one_strip = false;       ///< every head meets the first rows of w_o
  bool no_projection = false;   ///< w_o is left out

  Tensor64 operator()() const {
    if (q_from.dim(2) != w_q.dim(0) || k_from.dim(2) != w_k.dim(0) || v_from.dim(2) != w_v.dim(0)) return {};
    const Tensor64 q = split(oracle::linear(q_from, w_q), heads), k = split(oracle::linear(k_from, w_k), heads),
                   v = split(oracle::linear(v_from, w_v), heads);
    if (k.dim(2) != v.dim(2)) return {};
    Tensor64 results = oracle::attention(q, k, v, options);
    for (std::int64_t b = 0; b < results.dim(0); ++b)
      for (std::int64_t h = 0; h < first_head; ++h) results.matrix(b, h).setZero();
    const Tensor64 merged = merge(results);
    return no_projection ? merged : oracle::linear(merged, one_strip ? repeated_strip() : w_o);
  }

  Tensor64 repeated_strip() const {
    Tensor64 result = w_o;
    const std::int64_t head_dim = w_o.dim(0) / heads;
    for (std::int64_t c = 0; c < w_o.dim(0); ++c) std::ranges::copy(w_o.row(c % head_dim), result.row(c).begin());
    return result;
  }
};

inline Parts parts_of(const Layer& l) {
  const auto& w = l.weights;
  return {.q_from = to_double(l.x),
          .k_from = to_double(l.memory),
          .v_from = to_double(l.memory),
          .w_q = to_double(w.w_q),
          .w_k = to_double(w.w_k),
          .w_v = to_double(w.w_v),
          .w_o = to_double(w.w_o),
          .options = {.visible = oracle::visible(l.config.mask, l.x.dim(1), l.memory.dim(1))},
          .heads = l.config.heads};
}

}  // namespace workbook::multi_head
