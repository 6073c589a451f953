#include "inputs.h"

#include <cmath>

namespace workbook::attention_layer {

namespace {

/// The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// Uniform in (-1, 1), a multiple of 2^-23: the same float with any compiler's flags.
float unit(Input input, std::int64_t index) {
  const std::uint64_t place = (static_cast<std::uint64_t>(input) + 1) << 56 | static_cast<std::uint64_t>(index);
  const auto bits = static_cast<std::int32_t>(mixed(place * 0x9E3779B97F4A7C15u) >> 40);  // 24 bits
  return static_cast<float>(2 * bits - ((1 << 24) - 1)) * 0x1p-24f;
}

bool is_weight(Input input) { return input >= Input::w_q && input <= Input::w_qkv; }

/// K and V weights of fewer heads: the mean of the heads that share one.
Tensor pooled(Input input, const Extents& e, float scale) {
  const std::int64_t n_rep = e.heads / e.kv_heads, width = e.heads * e.head_dim;
  Tensor w({e.d_model, e.kv_heads * e.head_dim});
  for (std::int64_t i = 0; i < w.size(); ++i) {
    const std::int64_t row = i / w.dim(1), head = i % w.dim(1) / e.head_dim, channel = i % e.head_dim;
    float sum = 0;
    for (std::int64_t r = 0; r < n_rep; ++r)
      sum += unit(input, row * width + (head * n_rep + r) * e.head_dim + channel);
    w.data()[i] = sum * (scale / static_cast<float>(n_rep));
  }
  return w;
}

}  // namespace

LatentShape latent_shape(const Extents& e) { return {e.head_dim / 2, 4 * e.head_dim, 12 * e.head_dim}; }

Shape shape_of(Input input, const Extents& e) {
  const std::int64_t width = e.heads * e.head_dim, kv_width = e.kv_heads * e.head_dim;
  const LatentShape latent = latent_shape(e);
  switch (input) {
    case Input::x:
      return {e.batch, e.q_len, e.d_model};
    case Input::memory:
      return {e.batch, e.kv_len, e.d_model};
    case Input::q:
    case Input::d_output:
      return {e.batch, e.heads, e.q_len, e.head_dim};
    case Input::k:
    case Input::v:
      return {e.batch, e.kv_heads, e.kv_len, e.head_dim};
    case Input::w_q:
      return {e.d_model, width};
    case Input::w_k:
    case Input::w_v:
      return {e.d_model, kv_width};
    case Input::w_qkv:
      return {e.d_model, width + 2 * kv_width};
    case Input::w_o:
    case Input::w_mla:
      return {width, e.d_model};
    case Input::w_dq:
      return {e.d_model, latent.q_rank};
    case Input::w_uq:
      return {latent.q_rank, e.heads * (e.head_dim + latent.rope_dim)};
    case Input::w_dkv:
      return {e.d_model, latent.kv_rank};
    case Input::w_uk:
    case Input::w_uv:
      return {latent.kv_rank, width};
    case Input::w_kr:
      return {e.d_model, latent.rope_dim};
  }
  throw std::logic_error("no such input");
}

Tensor make(Input input, const Extents& e) {
  const Shape shape = shape_of(input, e);
  // A product of a row of variance 1 with a weight has variance 1 again; that of (-1, 1) is 1/3.
  const float scale = std::sqrt(is_weight(input) ? 3 / static_cast<float>(shape[0]) : 3.f);
  if ((input == Input::w_k || input == Input::w_v) && e.kv_heads != e.heads) return pooled(input, e, scale);
  Tensor tensor(shape);
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = unit(input, i) * scale;
  return tensor;
}

std::vector<Input> inputs_of(Projections projections) {
  if (projections == Projections::none) return {Input::q, Input::k, Input::v};
  if (projections == Projections::training) return {Input::q, Input::k, Input::v, Input::d_output};
  if (projections == Projections::cross) return {Input::x, Input::memory};
  return {Input::x};
}

std::vector<Input> weights_of(Projections projections) {
  if (projections == Projections::none || projections == Projections::training) return {};
  if (projections == Projections::latent)
    return {Input::w_dq, Input::w_uq, Input::w_dkv, Input::w_uk, Input::w_uv, Input::w_kr, Input::w_mla};
  return {Input::w_q, Input::w_k, Input::w_v, Input::w_o};
}

}  // namespace workbook::attention_layer
