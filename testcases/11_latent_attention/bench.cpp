// Offers lesson 11 to the benchmark: whole latent layers, with keys and values made from the latents, and without.

#include "common/bench/backend.h"
#include "latent_attention.h"

using namespace workbook;
using namespace workbook::attention_layer;
using latent_attention::Form;

namespace {

template <Form form>
Tensor layer(const LayerCall& call) {
  auto& w = call.weights;
  latent_attention::LayerWeights weights{.w_dq = std::move(w[Input::w_dq]),
                                         .w_uq = std::move(w[Input::w_uq]),
                                         .w_dkv = std::move(w[Input::w_dkv]),
                                         .w_kr = std::move(w[Input::w_kr]),
                                         .w_uk = std::move(w[Input::w_uk]),
                                         .w_uv = std::move(w[Input::w_uv]),
                                         .w_o = std::move(w[Input::w_mla])};
  Tensor out = latent_attention::forward(call.x, weights, static_cast<int>(call.extents.heads), form);
  w[Input::w_dq] = std::move(weights.w_dq);
  w[Input::w_uq] = std::move(weights.w_uq);
  w[Input::w_dkv] = std::move(weights.w_dkv);
  w[Input::w_kr] = std::move(weights.w_kr);
  w[Input::w_uk] = std::move(weights.w_uk);
  w[Input::w_uv] = std::move(weights.w_uv);
  w[Input::w_mla] = std::move(weights.w_o);
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
