// Offers lesson 04 to the benchmark: unfused attention a head at a time, with K and V heads read where they are.

#include "common/bench/backend.h"
#include "grouped_query.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

Tensor per_head(const Call& call) {
  return grouped_query::grouped_query_attention(call.q, call.k, call.v, {.mask = only_mask(call.masks)});
}

/// The scores of one head, and the result.
std::int64_t workspace(const Extents& e) { return 4 * (e.q_len * e.kv_len + e.batch * e.heads * e.q_len * e.head_dim); }

}  // namespace

std::vector<Implementation> attention_layer::implementations() { return {{{.name = "per-head"}, per_head, workspace}}; }
