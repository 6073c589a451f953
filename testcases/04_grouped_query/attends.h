#pragma once
/// What forward should return, and what comes out when somebody has one idea wrong.

#include <cmath>

#include "common/checker/student.h"
#include "common/oracle/attention.h"

namespace workbook::grouped_query {

/// Arguments of one call. Weights are such that elements of q, k and v are of size 1.
struct Layer {
  Tensor x;
  LayerWeights weights;
  LayerConfig config;
};

inline Layer random_layer(std::int64_t batch, std::int64_t seq, std::int64_t d_model, const LayerConfig& config) {
  const std::int64_t q_width = std::int64_t{config.heads} * config.head_dim;
  const std::int64_t kv_width = std::int64_t{config.kv_heads} * config.head_dim;
  const auto weights = [](std::int64_t in, std::int64_t out) {
    return random_normal({in, out}, 1 / std::sqrt(static_cast<float>(in)));
  };
  return {random_normal({batch, seq, d_model}),
          {.w_q = weights(d_model, q_width),
           .w_k = weights(d_model, kv_width),
           .w_v = weights(d_model, kv_width),
           .w_o = weights(q_width, d_model)},
          config};
}

// From [batch, seq, heads * head_dim] to [batch, heads, seq, head_dim] and back without moving a number: wrong.
inline Tensor64 split_by_shape(const Tensor64& x, std::int64_t heads) {
  return x.reshaped({x.dim(0), heads, x.dim(1), x.dim(2) / heads});
}
inline Tensor64 merge_by_shape(const Tensor64& x) { return x.reshaped({x.dim(0), x.dim(2), x.dim(1) * x.dim(3)}); }

/// The layer with these ways to cut heads and to put them together.
template <class Split, class Merge>
Tensor64 layer_with(const Layer& layer, const oracle::Attention& options, Split split, Merge merge) {
  const Tensor64 x = to_double(layer.x);
  const auto& w = layer.weights;
  const Tensor64 q = split(oracle::linear(x, to_double(w.w_q)), layer.config.heads);
  const Tensor64 k = split(oracle::linear(x, to_double(w.w_k)), layer.config.kv_heads);
  const Tensor64 v = split(oracle::linear(x, to_double(w.w_v)), layer.config.kv_heads);
  return oracle::linear(merge(oracle::attention(q, k, v, options)), to_double(w.w_o));
}

inline Matches but_not_another_order(Matches right, const Layer& layer, const oracle::Attention& options) {
  return std::move(right)
      .but_not(
          [=] { return layer_with(layer, options, oracle::split_heads, merge_by_shape); },
          "the heads' results [heads, seq, head_dim] were read as [seq, heads * head_dim] without moving a number: "
          "row i of what meets w_o must be row i of head 0, then row i of head 1, ...")
      .but_not([=] { return layer_with(layer, options, split_by_shape, oracle::merge_heads); },
               "the projections [seq, heads * head_dim] were read as [heads, seq, head_dim] without moving a number: "
               "head h is columns h * head_dim to (h + 1) * head_dim of every row")
      .but_not([=] { return layer_with(layer, options, split_by_shape, merge_by_shape); },
               "[seq, heads * head_dim] and [heads, seq, head_dim] were taken for each other, before and after "
               "attention: their numbers stand in different orders, and a reshape moves none");
}

/// forward's result for this layer; an exception about shapes is told in the words of the lesson.
inline Tensor run(const Layer& layer) {
  return explaining_shapes([&] { return student<forward>(layer.x, layer.weights, layer.config); },
                           "a projection of the wrong width. q has heads * head_dim columns, k and v only kv_heads * "
                           "head_dim, as w_q, w_k and w_v have; neither need be d_model");
}

/// Matches forward(x, weights, config), and knows the mistakes that people make.
inline Matches projects_and_attends(const Layer& layer) {
  const auto& [x, w, config] = layer;
  const std::int64_t seq = x.dim(1), kv_heads = config.kv_heads;
  const oracle::Attention right{.visible = oracle::visible(config.mask, seq, seq)};
  const oracle::LayerWeights weights{to_double(w.w_q), to_double(w.w_k), to_double(w.w_v), to_double(w.w_o)};
  const auto with = [&](auto change) {
    return [layer, right, change] {
      oracle::Attention wrong = right;
      change(wrong);
      return layer_with(layer, wrong, oracle::split_heads, oracle::merge_heads);
    };
  };
  return but_not_another_order(
             matches(oracle::attention_layer(to_double(x), weights, config.heads, kv_heads, right),
                     oracle::attention_layer_rounding(to_double(x), weights, config.heads, kv_heads, right)),
             layer, right)
      .but_not(with([=](auto& a) { a.key_head = a.value_head = [=](std::int64_t h) { return h % kv_heads; }; }),
               "query head h reads KV head h % kv_heads: it is the neighbours that share, h / n_rep")
      .but_not(with([](auto& a) { a.scale = 1; }), "the scores are not scaled by 1 / sqrt(head_dim)")
      .but_not(with([d_model = x.dim(2)](auto& a) { a.scale = 1 / std::sqrt(static_cast<double>(d_model)); }),
               "the scores are scaled by 1 / sqrt(d_model), but each is a dot product of head_dim terms only")
      .but_not(with([](auto& a) { a.visible = {}; }), "there is no mask: config.mask is ignored")
      .but_not(with([=](auto& a) { a.visible = oracle::visible(Mask::causal, seq, seq); }),
               "the mask is causal whatever config.mask says");
}

}  // namespace workbook::grouped_query
