#pragma once
/// One head of inputs that are large: comparing all of them would take much longer than the call.

#include "attends.h"

namespace workbook::latent_attention {

/// The last head, as the only one.
inline Inputs last_head(const Inputs& in) {
  const std::int64_t h = in.heads() - 1;
  Tensor q({in.q.dim(0), 1, in.q.dim(2), in.q.dim(3)});
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t i = 0; i < q.dim(2); ++i) std::ranges::copy(in.q.row(b, h, i), q.row(b, 0, i).begin());
  return {std::move(q), in.cache, columns_of(in.w_uk, in.heads(), h, false), columns_of(in.w_uv, in.heads(), h, false)};
}

/// [batch, heads, q_len, value_dim] -> [batch, 1, q_len, value_dim]
inline Tensor last_head(const Tensor& x) {
  Tensor last({x.dim(0), 1, x.dim(2), x.dim(3)});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t i = 0; i < x.dim(2); ++i) std::ranges::copy(x.row(b, x.dim(1) - 1, i), last.row(b, 0, i).begin());
  return last;
}

inline const char* const kLastHead = "Only the last head is compared.";

/// One query of one head, straight from the latents: time O((head_dim + value_dim + kv_len) kv_rank).
template <class T>
TensorOf<T> decoded(const Inputs& in) {
  const std::int64_t head_dim = in.head_dim(), kv_rank = in.w_uk.dim(0), kv_len = in.cache.latent.dim(1);
  const auto q = in.q.row(0, 0, 0);
  const T scale = 1 / std::sqrt(static_cast<T>(q.size()));
  const auto dot = [](const auto& a, const auto& b) { return std::inner_product(a.begin(), a.end(), b.begin(), T{0}); };
  std::vector<T> latent_q, weights, latent(static_cast<std::size_t>(kv_rank));
  for (std::int64_t r = 0; r < kv_rank; ++r)
    latent_q.push_back(dot(q.first(static_cast<std::size_t>(head_dim)), in.w_uk.row(r)));
  for (std::int64_t j = 0; j < kv_len; ++j)
    weights.push_back(scale * (dot(latent_q, in.cache.latent.row(0, j)) +
                               dot(q.subspan(static_cast<std::size_t>(head_dim)), in.cache.rope_key.row(0, j))));
  softmax(weights, weights.front(), Formula{});
  for (std::int64_t j = 0; j < kv_len; ++j)
    for (std::int64_t r = 0; r < kv_rank; ++r)
      latent[static_cast<std::size_t>(r)] += weights[static_cast<std::size_t>(j)] * T{in.cache.latent.at(0, j, r)};
  TensorOf<T> out({1, 1, 1, in.value_dim()});
  for (std::int64_t r = 0; r < kv_rank; ++r)
    for (std::int64_t e = 0; e < in.value_dim(); ++e)
      out.at(0, 0, 0, e) += latent[static_cast<std::size_t>(r)] * T{in.w_uv.at(r, e)};
  return out;
}

/// Matches one query of one head, and suspects nothing.
inline Matches is_decoded(const Inputs& in) {
  const Tensor64 expected = decoded<double>(in);
  return matches(expected, oracle::lost_in_float(decoded<float>(in), expected));
}

}  // namespace workbook::latent_attention
