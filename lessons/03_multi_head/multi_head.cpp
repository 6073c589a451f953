#include "multi_head.h"

using namespace workbook;

Tensor multi_head::split_heads(const Tensor& /*x*/, int /*heads*/) {
  // TODO(1): head h is a strip of columns; give each head a matrix of its own.
  throw NotImplemented();
}

Tensor multi_head::merge_heads(const Tensor& /*x*/) {
  // TODO(2): the heads side by side again.
  throw NotImplemented();
}

Tensor multi_head::multi_head_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                        const LayerConfig& /*config*/) {
  // TODO(3): attention of every head, in place: nothing is split, nothing is merged.
  throw NotImplemented();
}

Tensor multi_head::forward(const Tensor& /*x*/, const Tensor& /*memory*/, const LayerWeights& /*weights*/,
                           const LayerConfig& /*config*/) {
  // TODO(4): three projections, attention, one projection.
  throw NotImplemented();
}

multi_head::LayerCost multi_head::layer_cost(const LayerShape& /*shape*/) {
  // TODO(5): count what TODO(4) computes.
  throw NotImplemented();
}
