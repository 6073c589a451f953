// Offers lesson 10 to the benchmark: causal linear attention as a loop, with all states at once, and chunk by chunk.

#include "common/bench/backend.h"
#include "linear_attention.h"

using namespace workbook;
using namespace workbook::attention_layer;
using linear_attention::FeatureMap;

namespace {

/// The lesson's forms are causal and have as many keys as queries, and a KV head for each query head.
void require_causal(const Call& call) {
  if (only_mask(call.masks) != Mask::causal) throw std::domain_error("causal only");
  if (call.q.dim(2) != call.k.dim(2)) throw std::domain_error("takes as many keys as queries");
  if (call.q.dim(1) != call.k.dim(1)) throw std::domain_error("takes a KV head for each query head");
}

template <FeatureMap map>
Tensor loop(const Call& call) {
  require_causal(call);
  return linear_attention::causal_running_state(call.q, call.k, call.v, map);
}

template <FeatureMap map>
Tensor cumulative(const Call& call) {
  require_causal(call);
  return linear_attention::causal_cumulative_sum(call.q, call.k, call.v, map);
}

template <FeatureMap map>
Tensor chunked(const Call& call) {
  require_causal(call);
  return linear_attention::causal_chunked(call.q, call.k, call.v, {.map = map});
}

std::int64_t result(const Extents& e) { return 4 * e.batch * e.heads * e.q_len * e.head_dim; }

std::int64_t one_state(const Extents& e) { return result(e) + 4 * (e.head_dim * (e.head_dim + 1) + 2 * e.head_dim); }

/// The states of one head after every position, and its features.
std::int64_t all_states(const Extents& e) {
  return result(e) + 4 * e.q_len * (e.head_dim * (e.head_dim + 1) + 2 * e.head_dim);
}

std::int64_t one_chunk(const Extents& e) {
  const std::int64_t chunk = linear_attention::ChunkOptions().chunk;
  return one_state(e) + 4 * chunk * (chunk + 2 * e.head_dim);
}

template <FeatureMap map>
std::vector<Implementation> forms(Formula formula) {
  return {{{.name = "loop", .formula = formula}, loop<map>, one_state},
          {{.name = "cumulative", .formula = formula}, cumulative<map>, all_states},
          {{.name = "chunked", .formula = formula}, chunked<map>, one_chunk}};
}

}  // namespace

std::vector<Implementation> attention_layer::implementations() {
  std::vector<Implementation> all = forms<FeatureMap::elu_plus_one>(Formula::linear);
  const auto more = forms<FeatureMap::softmax>(Formula::softmax_feature);
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
