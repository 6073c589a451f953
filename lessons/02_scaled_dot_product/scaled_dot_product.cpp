#include "scaled_dot_product.h"

using namespace workbook;

Tensor scaled_dot_product::scaled_scores(const Tensor& /*q*/, const Tensor& /*k*/, std::optional<float> /*scale*/) {
  // TODO(1): every query times every key of its batch and head, scaled.
  throw NotImplemented();
}

std::vector<std::int64_t> scaled_dot_product::broadcast_shape(const std::vector<std::int64_t>& /*a*/,
                                                              const std::vector<std::int64_t>& /*b*/) {
  // TODO(2): align both shapes at their last axes; an extent of 1 gives way.
  throw NotImplemented();
}

Tensor scaled_dot_product::apply_masks(const Tensor& /*scores*/, const Masks& /*masks*/) {
  // TODO(3): -inf where a key is hidden, score plus bias elsewhere; refuse masks that would make the scores grow.
  throw NotImplemented();
}

Tensor scaled_dot_product::softmax(const Tensor& /*scores*/) {
  // TODO(4): lesson 01's softmax, on the last of four axes.
  throw NotImplemented();
}

scaled_dot_product::Attended scaled_dot_product::scaled_dot_product_attention(const Tensor& /*q*/, const Tensor& /*k*/,
                                                                              const Tensor& /*v*/,
                                                                              const Masks& /*masks*/,
                                                                              std::optional<float> /*scale*/) {
  // TODO(5): the steps in their order, then the weighted sum of the values.
  throw NotImplemented();
}

scaled_dot_product::Footprint scaled_dot_product::footprint(const AttentionShape& /*shape*/) {
  // TODO(6): the bytes of every tensor above.
  throw NotImplemented();
}
