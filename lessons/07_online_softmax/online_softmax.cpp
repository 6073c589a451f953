#include "online_softmax.h"

using namespace workbook;
using namespace workbook::online_softmax;

Normalizer online_softmax::extend(const Normalizer& /*seen*/, std::span<const float> /*logits*/) {
  // TODO(1): take in more logits; what does the past count if its maximum is no longer the largest?
  throw NotImplemented();
}

Normalizer online_softmax::merge(const Normalizer& /*a*/, const Normalizer& /*b*/) {
  // TODO(2): the same for two parts that both have a past.
  throw NotImplemented();
}

PartialAttention online_softmax::attend(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/, int /*first*/,
                                        int /*count*/) {
  // TODO(3): logits of some keys, their maximum, their sum, and their weighted values; divide by nothing.
  throw NotImplemented();
}

PartialAttention online_softmax::merge_attention(const PartialAttention& /*a*/, const PartialAttention& /*b*/) {
  // TODO(4): merge as in TODO(2); the weighted values are sums, too.
  throw NotImplemented();
}

Tensor online_softmax::one_pass_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                          int /*chunk*/) {
  // TODO(5): walk over the keys once, chunk by chunk, and divide once, at the end.
  throw NotImplemented();
}
