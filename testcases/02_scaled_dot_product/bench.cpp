// Offers lesson 02 to the benchmark: unfused attention, every step with a tensor of its own.

#include "common/bench/backend.h"
#include "scaled_dot_product.h"

using namespace workbook;
using namespace workbook::attention_layer;

namespace {

/// Lesson 02 has as many KV heads as query heads: they are copied, as libraries without grouped attention do.
Tensor repeated(const Tensor& kv, std::int64_t n_rep) {
  Tensor out({kv.dim(0), kv.dim(1) * n_rep, kv.dim(2), kv.dim(3)});
  const std::int64_t head_size = kv.dim(2) * kv.dim(3);
  for (std::int64_t copy = 0; copy < out.dim(0) * out.dim(1); ++copy)
    std::copy_n(kv.data() + copy / n_rep * head_size, head_size, out.data() + copy * head_size);
  return out;
}

Tensor unfused(const Call& call) {
  const scaled_dot_product::Masks masks{call.masks.mask, call.masks.allowed, call.masks.bias};
  const auto with = [&](const Tensor& k, const Tensor& v) {
    return scaled_dot_product::scaled_dot_product_attention(call.q, k, v, masks, std::nullopt).out;
  };
  const std::int64_t n_rep = call.q.dim(1) / call.k.dim(1);
  return n_rep == 1 ? with(call.k, call.v) : with(repeated(call.k, n_rep), repeated(call.v, n_rep));
}

/// Two tensors of scores; the copies of K and V; the result.
std::int64_t workspace(const Extents& e) {
  const std::int64_t copies = e.heads == e.kv_heads ? 0 : 2 * e.heads * e.kv_len * e.head_dim;
  return 4 * e.batch * (2 * e.heads * e.q_len * e.kv_len + copies + e.heads * e.q_len * e.head_dim);
}

}  // namespace

std::vector<Implementation> attention_layer::implementations() { return {{{.name = "unfused"}, unfused, workspace}}; }
