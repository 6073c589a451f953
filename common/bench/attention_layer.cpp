#include "attention_layer.h"

#include "fused_vs_flash.h"
#include "grouped_query.h"
#include "scaled_dot_product.h"

using namespace workbook;

namespace {

/// x w, cut into heads.
Tensor project(const Tensor& x, const Tensor& w, std::int64_t heads) {
  const std::int64_t batch = x.dim(0), seq = x.dim(1), head_dim = w.dim(1) / heads;
  Tensor projected({seq, w.dim(1)});
  Tensor out({batch, heads, seq, head_dim});
  for (std::int64_t b = 0; b < batch; ++b) {
    matmul(x.matrix(b), w.matrix(), projected.matrix());
    for (std::int64_t h = 0; h < heads; ++h) out.matrix(b, h) = columns(projected.matrix(), h * head_dim, head_dim);
  }
  return out;
}

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const attention_layer::Config& config) {
  using attention_layer::Backend;
  if (config.backend == Backend::fused) return fused_vs_flash::fused_attention(q, k, v, config.mask);
  if (config.backend == Backend::flash) return fused_vs_flash::flash_attention(q, k, v, {.mask = config.mask}).output;
  const scaled_dot_product::Masks masks{.mask = config.mask};
  if (config.kv_heads == config.heads)
    return scaled_dot_product::scaled_dot_product_attention(q, k, v, masks, std::nullopt).out;
  const int n_rep = config.heads / config.kv_heads;
  return scaled_dot_product::scaled_dot_product_attention(q, grouped_query::repeat_kv(k, n_rep),
                                                          grouped_query::repeat_kv(v, n_rep), masks, std::nullopt)
      .out;
}

}  // namespace

Tensor attention_layer::forward(const Tensor& x, const Weights& weights, const Config& config) {
  const Tensor attended = attend(project(x, weights.w_q, config.heads), project(x, weights.w_k, config.kv_heads),
                                 project(x, weights.w_v, config.kv_heads), config);
  // Heads side by side, times w_o, is the sum of each head times its own rows of w_o.
  const std::int64_t head_dim = attended.dim(3);
  Tensor out(x.shape());
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < config.heads; ++h)
      matmul(attended.matrix(b, h), rows(weights.w_o.matrix(), h * head_dim, head_dim), out.matrix(b), 1, 1);
  return out;
}
