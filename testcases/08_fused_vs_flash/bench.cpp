// Offers lesson 08 to the benchmark: attention a row of scores at a time, and tile by tile.

#include "common/bench/backend.h"
#include "fused_vs_flash.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

Tensor fused(const Call& call) {
  return fused_vs_flash::fused_attention(call.q, call.k, call.v, only_mask(call.masks));
}

Tensor flash(const Call& call) {
  return fused_vs_flash::flash_attention(call.q, call.k, call.v, {.mask = only_mask(call.masks)}).output;
}

std::int64_t result(const Extents& e) { return 4 * e.batch * e.heads * e.q_len * e.head_dim; }

std::int64_t fused_workspace(const Extents& e) { return result(e) + 4 * e.kv_len; }

/// A tile of scores, and a log-sum-exp for each query.
std::int64_t flash_workspace(const Extents& e) {
  const fused_vs_flash::FlashOptions tiles;
  return result(e) + 4 * (std::int64_t{tiles.q_tile} * tiles.kv_tile + e.batch * e.heads * e.q_len);
}

}  // namespace

std::vector<Implementation> attention_layer::implementations() {
  return {{{.name = "fused"}, fused, fused_workspace}, {{.name = "flash"}, flash, flash_workspace}};
}
