#include "grouped_query.h"

using namespace workbook;

Tensor grouped_query::repeat_kv(const Tensor& /*kv*/, int /*n_rep*/) {
  // TODO(1): n_rep copies of each KV head, next to each other.
  throw NotImplemented();
}

Tensor grouped_query::grouped_query_attention(const Tensor& /*q*/, const Tensor& /*k*/, const Tensor& /*v*/,
                                              const AttentionOptions& /*options*/) {
  // TODO(2): attention of every query head with the KV head of its group, and no copies.
  throw NotImplemented();
}

Tensor grouped_query::forward(const Tensor& /*hidden_states*/, const LayerWeights& /*weights*/,
                              const LayerConfig& /*config*/) {
  // TODO(3): project to heads, attend, project back.
  throw NotImplemented();
}

std::int64_t grouped_query::kv_cache_bytes(const CacheShape& /*shape*/) {
  // TODO(4): what must be kept for every layer, sequence, KV head and position?
  throw NotImplemented();
}
