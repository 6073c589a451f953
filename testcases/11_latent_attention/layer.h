#pragma once
/// The parts of the layer around attention, and what people return in their place.

#include "parts.h"

namespace workbook::latent_attention {

/// Matches the cache of these tokens.
inline void check_cache(const LatentCache& got, const Tensor& x, const LayerWeights& w, std::int64_t first_position) {
  const Tensor64 latent = latents<double>(x, w), key = rope_keys<double>(x, w, first_position);
  CHECK_THAT(got.latent, matches(latent, oracle::lost_in_float(latents<float>(x, w), latent))
                             .but_not(
                                 [=] {
                                   Tensor64 turned = latent;
                                   for (std::int64_t i = 0; i < turned.dim(0) * turned.dim(1); ++i)
                                     rotate<double>(turned.row(i / turned.dim(1), i % turned.dim(1)), i % turned.dim(1),
                                                    first_position);
                                   return turned;
                                 },
                                 "the latents were rotated: then w_uk could not be absorbed. Only the rope key turns"));
  Matches right = matches(key, oracle::lost_in_float(rope_keys<float>(x, w, first_position), key));
  const auto with =
      changes_of(Rotation(), [=](const Rotation& r) { return rope_keys<double>(x, w, first_position, r); });
  for (const auto& [change, sentence] : slips_of_rotation())
    std::move(right).but_not(with(change), "rope keys: " + sentence);
  CHECK_THAT(got.rope_key, std::move(right));
}

inline Matches are_queries(const Tensor& x, const LayerWeights& w, std::int64_t heads, std::int64_t first_position) {
  const auto with =
      changes_of(QuerySlip(), [=](const QuerySlip& s) { return all_queries<double>(x, w, heads, first_position, s); });
  const Tensor64 expected = all_queries<double>(x, w, heads, first_position);
  Matches result =
      matches(expected, oracle::lost_in_float(all_queries<float>(x, w, heads, first_position), expected))
          .but_not(with([](QuerySlip& s) { s.all_rotated = true; }),
                   "all channels of a head were rotated: only its last rope_dim are, or w_uk could not be absorbed")
          .but_not(with([](QuerySlip& s) { s.first_rotated = true; }),
                   "the first rope_dim channels of a head were rotated: it is the last that are")
          .but_not(with([](QuerySlip& s) { s.parts_in_blocks = true; }),
                   "w_uq was read as [all heads' head_dim | all heads' rope_dim]: a head's columns lie together, its "
                   "head_dim first, then its rope_dim")
          .but_not(with([](QuerySlip& s) { s.heads_in_turn = true; }),
                   "the heads' channels come in turn: head h is one block of columns of w_uq");
  for (const auto& [change, sentence] : slips_of_rotation())
    std::move(result).but_not(with([change = change](QuerySlip& s) { change(s.rotation); }), sentence);
  return result;
}

/// What people get wrong in the layer.
struct LayerSlip {
  bool output_of_head_0 = false;  ///< the rows of w_o
  bool rope_forgotten = false;
  bool last_head_only = false;
  bool averaged = false;  ///< over heads, in place of the sum
  bool residual = false;  ///< x is added
  bool reshaped = false;  ///< what meets w_o is [heads, seq, value_dim] read as [seq, heads * value_dim]
};

/// The layer, from position 0.
template <class T>
TensorOf<T> layer(const Tensor& x, const LayerWeights& w, std::int64_t heads, const LayerSlip& s = {}) {
  const Rotation rotation{.turn = {.none = s.rope_forgotten}};
  const QuerySlip slip{.rotation = rotation};
  const auto float_of = [](const TensorOf<T>& t) {
    if constexpr (std::is_same_v<T, float>)
      return t;
    else
      return to_float(t);
  };
  // Attention takes floats: what that rounds is far below the tolerance's 16 times.
  const Inputs in{float_of(all_queries<T>(x, w, heads, 0, slip)),
                  {float_of(latents<T>(x, w)), float_of(rope_keys<T>(x, w, 0, rotation))},
                  w.w_uk,
                  w.w_uv};
  const TensorOf<T> attended = attention<T>(in);
  TensorOf<T> out = s.residual ? as<T>(x) : TensorOf<T>(x.shape());
  const std::int64_t value_dim = attended.dim(3);
  const T share = static_cast<T>(s.averaged ? 1.0 / static_cast<double>(heads) : 1.0);
  const auto value = [&](std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t e) {
    const std::int64_t place = (i * heads + h) * value_dim + e, of_head = x.dim(1) * value_dim;
    return s.reshaped ? attended.at(b, place / of_head, place % of_head / value_dim, e) : attended.at(b, h, i, e);
  };
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = s.last_head_only ? heads - 1 : 0; h < heads; ++h)
      for (std::int64_t i = 0; i < x.dim(1); ++i)
        for (std::int64_t e = 0; e < value_dim; ++e) {
          const T weight = share * value(b, h, i, e);
          const std::span<const float> row = w.w_o.row((s.output_of_head_0 ? 0 : h * value_dim) + e);
          for (std::size_t c = 0; c < row.size(); ++c) out.row(b, i)[c] += weight * T{row[c]};
        }
  return out;
}

inline Matches is_layer(const Tensor& x, const LayerWeights& w, std::int64_t heads) {
  const Tensor64 expected = layer<double>(x, w, heads);
  const auto with = changes_of(LayerSlip(), [=](const LayerSlip& s) { return layer<double>(x, w, heads, s); });
  return matches(expected, oracle::lost_in_float(layer<float>(x, w, heads), expected))
      .but_not(with([](LayerSlip& s) { s.output_of_head_0 = true; }),
               "all heads meet the first value_dim rows of w_o: head h meets its own, from h * value_dim on")
      .but_not(with([](LayerSlip& s) { s.rope_forgotten = true; }),
               "nothing in the layer knows positions: rotate queries and rope keys")
      .but_not(with([](LayerSlip& s) { s.last_head_only = true; }),
               "only the last head is in the result: the products of all heads with w_o are added (beta = 1)")
      .but_not(with([](LayerSlip& s) { s.averaged = true; }),
               "the heads were averaged: their products with w_o are added, and nothing is divided")
      .but_not(
          with([](LayerSlip& s) { s.reshaped = true; }),
          "the heads' results [heads, seq, value_dim] were read as [seq, heads * value_dim] without moving a number: "
          "row i of what meets w_o is row i of head 0, then row i of head 1, ...")
      .but_not(with([](LayerSlip& s) { s.residual = true; }),
               "x was added to the result: that is not part of the layer");
}

}  // namespace workbook::latent_attention
