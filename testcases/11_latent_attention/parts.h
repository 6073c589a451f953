#pragma once
/// What stands before attention, by its definition: weights, latents, rope keys and queries.

#include "rotation.h"

namespace workbook::latent_attention {

struct LayerSizes {
  std::int64_t batch = 1, seq = 1, heads = 2, d_model = 9, q_rank = 8, kv_rank = 7, head_dim = 6, rope_dim = 4,
               value_dim = 5;
};

inline LayerWeights random_weights(const LayerSizes& s) {
  return {.w_dq = random_projection(s.d_model, s.q_rank),
          .w_uq = random_projection(s.q_rank, s.heads * (s.head_dim + s.rope_dim)),
          .w_dkv = random_projection(s.d_model, s.kv_rank),
          .w_kr = random_projection(s.d_model, s.rope_dim),
          .w_uk = random_projection(s.kv_rank, s.heads * s.head_dim),
          .w_uv = random_projection(s.kv_rank, s.heads * s.value_dim),
          .w_o = random_projection(s.heads * s.value_dim, s.d_model)};
}

/// x w of every sequence: [batch, seq, inputs] -> [batch, seq, outputs].
template <class T>
TensorOf<T> projected(const TensorOf<T>& x, const Tensor& w) {
  TensorOf<T> out({x.dim(0), x.dim(1), w.dim(1)});
  for (std::int64_t b = 0; b < x.dim(0); ++b) {
    const auto rows = product<T>(x.matrix(b), w, 0, w.dim(1));
    for (std::int64_t i = 0; i < x.dim(1); ++i)
      std::ranges::copy(rows[static_cast<std::size_t>(i)], out.row(b, i).begin());
  }
  return out;
}

template <class T>
TensorOf<T> as(const Tensor& x) {
  if constexpr (std::is_same_v<T, float>)
    return x;
  else
    return to_double(x);
}

template <class T>
TensorOf<T> latents(const Tensor& x, const LayerWeights& w) {
  return projected(as<T>(x), w.w_dkv);
}

template <class T>
TensorOf<T> rope_keys(const Tensor& x, const LayerWeights& w, std::int64_t first_position, const Rotation& r = {}) {
  TensorOf<T> key = projected(as<T>(x), w.w_kr);
  for (std::int64_t b = 0; b < key.dim(0); ++b)
    for (std::int64_t i = 0; i < key.dim(1); ++i)
      rotate<T>(key.row(b, i), i + (r.over_sequences ? b * key.dim(1) : 0), first_position, r);
  return key;
}

/// What people get wrong with queries.
struct QuerySlip {
  Rotation rotation = {};
  bool all_rotated = false;      ///< all channels of a head, not only the last rope_dim
  bool first_rotated = false;    ///< the first rope_dim channels of a head
  bool parts_in_blocks = false;  ///< columns are [all heads' head_dim | all heads' rope_dim]
  bool heads_in_turn = false;    ///< channel e of head h is column e * heads + h
};

template <class T>
TensorOf<T> all_queries(const Tensor& x, const LayerWeights& w, std::int64_t heads, std::int64_t first_position,
                        const QuerySlip& slip = {}) {
  const TensorOf<T> up = projected(projected(as<T>(x), w.w_dq), w.w_uq);
  const std::int64_t width = w.w_uq.dim(1) / heads, rope_dim = w.w_kr.dim(1), d = width - rope_dim;
  TensorOf<T> q({x.dim(0), heads, x.dim(1), width});
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < q.dim(2); ++i) {
        const std::span<T> row = q.row(b, h, i);
        for (std::int64_t e = 0; e < width; ++e) {
          std::int64_t from = h * width + e;
          if (slip.parts_in_blocks) from = e < d ? h * d + e : heads * d + h * rope_dim + e - d;
          if (slip.heads_in_turn) from = e * heads + h;
          row[static_cast<std::size_t>(e)] = up.at(b, i, from);
        }
        const auto count = static_cast<std::size_t>(rope_dim);
        rotate<T>(slip.all_rotated     ? row
                  : slip.first_rotated ? row.first(count)
                                       : row.last(count),
                  i + (slip.rotation.over_heads ? h * q.dim(2) : 0) + (slip.rotation.over_sequences ? b * q.dim(2) : 0),
                  first_position, slip.rotation);
      }
  return q;
}

}  // namespace workbook::latent_attention
