#pragma once
/// Layers with projections.

#include "common/checker/attention/layer.h"
#include "common/checker/student.h"

namespace workbook::multi_head {

using Layer = attention_tests::LayerOf<LayerWeights, LayerConfig>;

inline Layer random_layer(const Shape& x, const Shape& memory, std::int64_t width, const LayerConfig& config) {
  return Layer::random(x, memory, width, width, config);
}

/// The layer of self-attention: keys and values are made from x.
inline Layer random_self_layer(const Shape& x, std::int64_t width, const LayerConfig& config) {
  return Layer::random_self(x, width, width, config);
}

/// forward's result for this layer; an exception about shapes is told in the words of the lesson.
inline Tensor run(const Layer& layer) {
  return explaining_shapes(
      [&] { return student<forward>(layer.x, layer.memory, layer.weights, layer.config); },
      "a tensor of another width or length than you thought. Queries are made from x, keys and values from "
      "memory; q, k and v have the width of w_q, w_k and w_v, which need not be d_model");
}

}  // namespace workbook::multi_head
