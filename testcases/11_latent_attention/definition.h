#pragma once
/// Multi-head latent attention by its definition, with any one idea wrong.

#include <cmath>
#include <functional>

#include "common/checker/student.h"
#include "common/oracle/attention.h"
#include "common/oracle/rounding.h"

namespace workbook::latent_attention {

/// x w for columns [first, first + count). x [seq, inputs].
template <class T, class M>
std::vector<std::vector<T>> product(const M& x, const Tensor& w, std::int64_t first, std::int64_t count) {
  std::vector<std::vector<T>> out(static_cast<std::size_t>(x.rows()), std::vector<T>(static_cast<std::size_t>(count)));
  for (std::int64_t i = 0; i < x.rows(); ++i)
    for (std::int64_t c = 0; c < w.dim(0); ++c) {
      const auto row = w.row(c).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      const std::span<T> sums = out[static_cast<std::size_t>(i)];
      for (std::size_t e = 0; e < sums.size(); ++e) sums[e] += static_cast<T>(x(i, c)) * T{row[e]};
    }
  return out;
}

/// Arguments of attention, different for every batch and head.
struct Inputs {
  Tensor q;
  LatentCache cache;
  Tensor w_uk, w_uv;
  std::int64_t heads() const { return q.dim(1); }
  std::int64_t head_dim() const { return w_uk.dim(1) / heads(); }
  std::int64_t rope_dim() const { return q.dim(3) - head_dim(); }
  std::int64_t value_dim() const { return w_uv.dim(1) / heads(); }
};

struct Sizes {
  std::int64_t batch = 1, heads = 1, q_len = 1, kv_len = 1, head_dim = 6, rope_dim = 4, value_dim = 5, kv_rank = 7;
};

inline Inputs random_inputs(const Sizes& s, float stddev = 1) {
  return {
      random_normal({s.batch, s.heads, s.q_len, s.head_dim + s.rope_dim}, stddev),
      {random_normal({s.batch, s.kv_len, s.kv_rank}, stddev), random_normal({s.batch, s.kv_len, s.rope_dim}, stddev)},
      random_projection(s.kv_rank, s.heads * s.head_dim),
      random_projection(s.kv_rank, s.heads * s.value_dim)};
}

using oracle::Visible;

/// What people get wrong in attention is an argument.
struct Formula {
  Visible visible = {};    ///< empty: causal, aligned at the end
  double key_scale = 0;    ///< of the part from the latents; 0: right
  double rope_scale = -1;  ///< of the part from the rope key; -1: right
  bool mask_after_softmax = false;
  bool rope_channels_first = false;  ///< q = [rope_dim | head_dim]
  bool keys_of_head_0 = false;       ///< w_uk of head 0 for all
  bool values_of_head_0 = false;     ///< w_uv of head 0 for all
  bool keys_in_turn = false;         ///< channel c of head h is column c heads + h of w_uk
  bool values_in_turn = false;       ///< the same of w_uv
  bool latents_of_sequence_0 = false;
  bool rope_keys_of_sequence_0 = false;
  bool keys_from_w_uv = false;                               ///< head_dim must be value_dim
  double hidden = -std::numeric_limits<double>::infinity();  ///< the score of a hidden key, which then counts
  double start = -std::numeric_limits<double>::infinity();   ///< where the search for the largest score begins
  bool largest_of_all = false;                               ///< the largest score of a row may be one of a hidden key
  bool start_if_hidden = false;                              ///< it begins at `start` only where a key is hidden
  bool zeros_if_lost = false;                                ///< where all exponentials are 0, so is the result
  bool shifted = true;                                       ///< the largest score is taken off
  double base = 0;                                           ///< of the exponential; 0: e
  double added = 0;                                          ///< to the sum of exponentials
  bool divided = true;                                       ///< by that sum
  std::int64_t values_end = std::numeric_limits<std::int64_t>::max();  ///< keys from here on have no value
};

/// Weights from scores; the search for the largest begins at `start`.
template <class T>
void softmax(std::vector<T>& scores, T start, const Formula& f) {
  const T largest = f.shifted ? std::max(std::ranges::max(scores), start) : T{0};
  const T factor = f.base == 0 ? T{1} : static_cast<T>(std::log(f.base));
  T sum = static_cast<T>(f.added);
  for (T& score : scores) sum += score = std::exp((score - largest) * factor);
  for (T& weight : scores)
    if (f.divided && !(sum == 0 && f.zeros_if_lost)) weight /= sum;
}

/// Columns of one head: one block, or every so-manieth.
inline Tensor columns_of(const Tensor& w, std::int64_t heads, std::int64_t h, bool in_turn) {
  const std::int64_t width = w.dim(1) / heads;
  Tensor block({w.dim(0), width});
  for (std::int64_t r = 0; r < w.dim(0); ++r)
    for (std::int64_t c = 0; c < width; ++c) block.at(r, c) = w.at(r, in_turn ? c * heads + h : h * width + c);
  return block;
}

/// Time O(kv_len kv_rank (head_dim + value_dim) + q_len kv_len (head_dim + rope_dim + value_dim)) for a head.
template <class T>
TensorOf<T> attention(const Inputs& in, const Formula& f = {}) {
  const std::int64_t q_len = in.q.dim(2), kv_len = in.cache.latent.dim(1), d = in.head_dim(), r = in.rope_dim();
  const double right = 1 / std::sqrt(static_cast<double>(d + r));
  const T key_scale = static_cast<T>(f.key_scale == 0 ? right : f.key_scale);
  const T rope_scale = static_cast<T>(f.rope_scale == -1 ? right : f.rope_scale);
  const bool hidden_count = std::isfinite(f.hidden);
  const Visible visible = f.visible ? f.visible : [=](auto i, auto j) { return j <= i + kv_len - q_len; };
  TensorOf<T> out({in.q.dim(0), in.heads(), q_len, in.value_dim()});
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.heads(); ++h) {
      const auto latent = in.cache.latent.matrix(f.latents_of_sequence_0 ? 0 : b);
      const std::int64_t key_head = f.keys_of_head_0 ? 0 : h, value_head = f.values_of_head_0 ? 0 : h;
      const auto k = product<T>(
          latent, columns_of(f.keys_from_w_uv ? in.w_uv : in.w_uk, in.heads(), key_head, f.keys_in_turn), 0, d);
      const auto v =
          product<T>(latent, columns_of(in.w_uv, in.heads(), value_head, f.values_in_turn), 0, in.value_dim());
      for (std::int64_t i = 0; i < q_len; ++i) {
        const std::span<const float> q = in.q.row(b, h, i);
        const auto plain = f.rope_channels_first ? q.subspan(static_cast<std::size_t>(r)) : q;
        const auto turned = f.rope_channels_first ? q : q.subspan(static_cast<std::size_t>(d));
        std::vector<T> weights(static_cast<std::size_t>(kv_len), static_cast<T>(f.hidden));
        bool sees = hidden_count;
        T largest = static_cast<T>(f.start);
        for (std::int64_t j = 0; j < kv_len; ++j) {
          if (!f.mask_after_softmax && !f.largest_of_all && !visible(i, j)) continue;
          T from_latent = 0, from_rope = 0;
          const auto key = in.cache.rope_key.row(f.rope_keys_of_sequence_0 ? 0 : b, j);
          const std::span<const T> content = k[static_cast<std::size_t>(j)];
          for (std::size_t c = 0; c < content.size(); ++c) from_latent += T{plain[c]} * content[c];
          for (std::size_t c = 0; c < static_cast<std::size_t>(r); ++c) from_rope += T{turned[c]} * T{key[c]};
          const T score = key_scale * from_latent + rope_scale * from_rope;
          if (f.largest_of_all) largest = std::max(largest, score);
          if (f.largest_of_all && !visible(i, j)) continue;
          weights[static_cast<std::size_t>(j)] = score;
          sees = true;
        }
        if (!sees || weights.empty()) continue;
        if (f.start_if_hidden && visible(i, kv_len - 1)) largest = -std::numeric_limits<T>::infinity();
        softmax(weights, largest, f);
        const std::span<T> sums = out.row(b, h, i);
        for (std::int64_t j = 0; j < std::min(kv_len, f.values_end); ++j) {
          if (!visible(i, j) && !hidden_count) continue;
          const std::span<const T> value = v[static_cast<std::size_t>(j)];
          for (std::size_t e = 0; e < sums.size(); ++e) sums[e] += weights[static_cast<std::size_t>(j)] * value[e];
        }
      }
    }
  return out;
}

}  // namespace workbook::latent_attention
