// Offers lesson 11 to the benchmark: whole latent layers, with keys and values made from the latents, and without.

#include "common/bench/backend.h"
#include "common/bench/inputs.h"
#include "latent_attention.h"

using namespace workbook;
using namespace workbook::attention_layer;
using latent_attention::Form;

namespace {

template <Form form>
Tensor layer(const LatentCall& call) {
  auto& w = call.weights;
  latent_attention::LayerWeights weights{.w_dq = std::move(w[0]),
                                         .w_uq = std::move(w[1]),
                                         .w_dkv = std::move(w[2]),
                                         .w_kr = std::move(w[5]),
                                         .w_uk = std::move(w[3]),
                                         .w_uv = std::move(w[4]),
                                         .w_o = std::move(w[6])};
  Tensor out = latent_attention::forward(call.x, weights, static_cast<int>(call.extents.heads), form);
  w[0] = std::move(weights.w_dq), w[1] = std::move(weights.w_uq), w[2] = std::move(weights.w_dkv);
  w[3] = std::move(weights.w_uk), w[4] = std::move(weights.w_uv), w[5] = std::move(weights.w_kr);
  w[6] = std::move(weights.w_o);
  return out;
}

/// One head's scores with its keys and values; of the absorbed form, with its queries to the latents.
std::int64_t workspace(const Extents& e) {
  const std::int64_t kv_rank = latent_shape(e).kv_rank;
  return 4 * (e.q_len * e.kv_len + 2 * e.kv_len * e.head_dim + 2 * e.q_len * kv_rank + e.batch * e.kv_len * kv_rank);
}

}  // namespace

std::vector<Implementation> attention_layer::implementations() {
  return {{{.name = "expanded", .formula = Formula::latent}, nullptr, workspace, layer<Form::expanded>},
          {{.name = "absorbed", .formula = Formula::latent}, nullptr, workspace, layer<Form::absorbed>}};
}
