#include "kv_cache.h"

using namespace workbook;
using namespace workbook::kv_cache;

Tensor kv_cache::rope(const Tensor& /*x*/, const PositionIds& /*position_ids*/, double /*base*/) {
  // TODO(1): turn channel c with channel c + head_dim / 2.
  throw NotImplemented();
}

Tensor kv_cache::change_pairing(const Tensor& /*w*/, int /*heads*/, Pairing /*to*/) {
  // TODO(2): put the columns of each head in the other order.
  throw NotImplemented();
}

void KvCache::append(const Tensor& /*k*/, const Tensor& /*v*/) {
  // TODO(3): write the new rows where they belong, and nothing else.
  throw NotImplemented();
}

void KvCache::truncate(std::int64_t /*length*/) {
  // TODO(4): forget the newest tokens.
  throw NotImplemented();
}

Tensor kv_cache::forward(const Tokens& /*tokens*/, const LayerWeights& /*weights*/, int /*heads*/, double /*rope_base*/,
                         KvCache& /*cache*/, bool /*use_cache*/) {
  // TODO(5): project, rotate, attend to the cache and to the new tokens, project back.
  throw NotImplemented();
}

std::int64_t kv_cache::cache_bytes(const Model& /*model*/, int /*batch*/, int /*tokens*/) {
  // TODO(6): what does a token leave behind?
  throw NotImplemented();
}

Cost kv_cache::step_cost(const Model& /*model*/, const Step& /*step*/) {
  // TODO(7): what is computed, and what is moved for it?
  throw NotImplemented();
}
