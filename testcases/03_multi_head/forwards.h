#pragma once
/// Matches forward's results, and knows the mistakes that people make.

#include <functional>

#include "layer.h"

namespace workbook::multi_head {

/// forward's result for this layer; an exception about shapes is told in the words of the lesson.
inline Tensor run(const Layer& layer) {
  return explaining_shapes(
      [&] { return student<forward>(layer.x, layer.memory, layer.weights, layer.config); },
      "a tensor of another width or length than you thought. Queries are made from x, keys and values from "
      "memory; q, k and v have the width of w_q, w_k and w_v, which need not be d_model");
}

/// The parts of a layer, with something changed.
inline auto with(const Parts& right, std::function<void(Parts&)> change) {
  return [right, change] {
    Parts wrong = right;
    change(wrong);
    return wrong();
  };
}

inline Matches but_not_another_source(Matches matcher, const Parts& right) {
  return std::move(matcher)
      .but_not(with(right, [](Parts& p) { p.k_from = p.v_from = p.q_from; }),
               "keys and values are made from x: in cross-attention they come from memory")
      .but_not(with(right, [](Parts& p) { p.v_from = p.q_from; }),
               "the values are made from x: they come from memory, as the keys do")
      .but_not(with(right, [](Parts& p) { p.k_from = p.q_from; }),
               "the keys are made from x: they come from memory, as the values do")
      .but_not(with(right, [](Parts& p) { p.q_from = p.k_from; }), "the queries are made from memory: they come from x")
      .but_not(with(right, [](Parts& p) { std::swap(p.q_from, p.k_from), p.v_from = p.k_from; }),
               "x and memory have changed places")
      .but_not(with(right, [](Parts& p) { p.k_from = p.v_from = first_batch_only(p.k_from); }),
               "every batch reads the memory of batch 0")
      .but_not(with(right, [](Parts& p) { std::swap(p.w_k, p.w_v); }), "w_k and w_v have changed places")
      .but_not(with(right, [](Parts& p) { p.w_v = p.w_k; }), "the values are made with w_k");
}

inline Matches but_not_another_mixture(Matches matcher, const Parts& right) {
  return std::move(matcher)
      .but_not(with(right, [](Parts& p) { p.no_projection = true; }),
               "w_o is missing: the heads' results stand side by side, unmixed")
      .but_not(with(right, [](Parts& p) { p.one_strip = true; }),
               "every head meets the rows of w_o that belong to head 0: head h has rows h * head_dim to (h + 1) * "
               "head_dim")
      .but_not(with(right, [](Parts& p) { p.first_head = p.heads - 1; }),
               "only the last head is in the result: each head adds its product to what is there (beta = 1)")
      .but_not(with(right, [](Parts& p) { p.merge = merge_by_shape; }),
               "the heads' results [heads, seq, head_dim] were read as [seq, width] without moving a number")
      .but_not(with(right, [](Parts& p) { p.split = split_by_shape; }),
               "the projections [seq, width] were read as [heads, seq, head_dim] without moving a number")
      .but_not(with(right, [](Parts& p) { p.split = split_by_shape, p.merge = merge_by_shape; }),
               "[seq, width] was taken for [heads, seq, head_dim], and back: no number was moved")
      .but_not(with(right, [](Parts& p) { p.split = split_interleaved, p.merge = merge_interleaved; }),
               "head h uses channels h, h + heads, ...: a head is head_dim neighbours");
}

/// Matches forward(x, memory, weights, config), and knows the mistakes that people make.
inline Matches projects_and_attends(const Layer& layer) {
  const Parts right = parts_of(layer);
  const oracle::LayerWeights weights{right.w_q, right.w_k, right.w_v, right.w_o};
  const auto scaled = [right](std::int64_t terms) {
    return with(right, [terms](Parts& p) { p.options.scale = 1 / std::sqrt(static_cast<double>(terms)); });
  };
  Matches matcher(right(), oracle::cross_attention_layer_rounding(right.q_from, right.k_from, weights, right.heads,
                                                                  right.heads, right.options));
  matcher = but_not_another_mixture(but_not_another_source(std::move(matcher), right), right);
  return std::move(matcher)
      .but_not(scaled(right.w_q.dim(1)),
               "the scores are scaled by 1 / sqrt(width), but each is a sum of head_dim terms")
      .but_not(scaled(layer.x.dim(2)),
               "the scores are scaled by 1 / sqrt(d_model), but each is a sum of head_dim terms")
      .but_not(scaled(1), "the scores are not scaled")
      .but_not(with(right, [](Parts& p) { p.options.visible = {}; }), "there is no mask: config.mask is ignored")
      .but_not(
          with(right,
               [](Parts& p) { p.options.visible = oracle::visible(Mask::causal, p.q_from.dim(1), p.k_from.dim(1)); }),
          "the mask is causal whatever config.mask says");
}

}  // namespace workbook::multi_head
