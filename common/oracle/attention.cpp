#include "common/oracle/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "common/oracle/rounding.h"
#include "common/oracle/rows.h"

namespace workbook::oracle {
namespace {

// Each formula is written once, for double and for float: what float loses is the difference.

/// Scores become weights; a row of nothing but -inf becomes zeros.
template <class T>
void softmax(std::span<T> row) {
  const T highest = row.empty() ? T{0} : *std::ranges::max_element(row);
  if (highest == -std::numeric_limits<T>::infinity()) return void(std::ranges::fill(row, T{0}));
  T sum = 0;
  for (T& x : row) sum += x = std::exp(x - highest);
  for (T& x : row) x /= sum;
}

template <class T>
TensorOf<T> attend(const TensorOf<T>& q, const TensorOf<T>& k, const TensorOf<T>& v, const Attention& options) {
  const std::int64_t heads = q.dim(1), kv_len = k.dim(2);
  const std::int64_t n_rep = std::max<std::int64_t>(1, heads / std::max<std::int64_t>(1, k.dim(1)));
  const T scale = static_cast<T>(options.scale.value_or(1 / std::sqrt(static_cast<double>(q.dim(3)))));
  TensorOf<T> out({q.dim(0), heads, q.dim(2), v.dim(3)});
  std::vector<T> weights;
  for (std::int64_t i = 0; i < q.dim(2); ++i) {
    const auto keys = keys_seen(options.mask_after_softmax ? Visible() : options.visible, i, kv_len);
    for (std::int64_t b = 0; b < q.dim(0); ++b)
      for (std::int64_t h = 0; h < heads; ++h) {
        const std::int64_t key_head = options.key_head ? options.key_head(h) : h / n_rep;
        const std::int64_t value_head = options.value_head ? options.value_head(h) : h / n_rep;
        weights.clear();
        for (const std::int64_t j : keys) weights.push_back(scale * dot<T>(q.row(b, h, i), k.row(b, key_head, j)));
        softmax<T>(weights);
        for (std::size_t n = 0; n < keys.size(); ++n)
          if (!options.mask_after_softmax || !options.visible || options.visible(i, keys[n]))
            add<T>(weights[n], v.row(b, value_head, keys[n]), out.row(b, h, i));
      }
  }
  return out;
}

template <class T>
TensorOf<T> multiply(const TensorOf<T>& x, const TensorOf<T>& w) {
  TensorOf<T> out({x.dim(0), x.dim(1), w.dim(1)});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t i = 0; i < x.dim(1); ++i)
      for (std::int64_t k = 0; k < w.dim(0); ++k) add<T>(x.at(b, i, k), w.row(k), out.row(b, i));
  return out;
}

template <class T>
TensorOf<T> split(const TensorOf<T>& x, std::int64_t heads) {
  const std::int64_t head_dim = x.dim(2) / heads;
  TensorOf<T> out({x.dim(0), heads, x.dim(1), head_dim});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < x.dim(1); ++i)
        for (std::int64_t d = 0; d < head_dim; ++d) out.at(b, h, i, d) = x.at(b, i, h * head_dim + d);
  return out;
}

template <class T>
TensorOf<T> merge(const TensorOf<T>& x) {
  const std::int64_t head_dim = x.dim(3);
  TensorOf<T> out({x.dim(0), x.dim(2), x.dim(1) * head_dim});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i)
        for (std::int64_t d = 0; d < head_dim; ++d) out.at(b, i, h * head_dim + d) = x.at(b, h, i, d);
  return out;
}

template <class T>
TensorOf<T> layer(const TensorOf<T>& x, const TensorOf<T>& memory, const TensorOf<T>& w_q, const TensorOf<T>& w_k,
                  const TensorOf<T>& w_v, const TensorOf<T>& w_o, std::int64_t heads, std::int64_t kv_heads,
                  const Attention& options) {
  const auto q = split(multiply(x, w_q), heads);
  const auto k = split(multiply(memory, w_k), kv_heads);
  const auto v = split(multiply(memory, w_v), kv_heads);
  return multiply(merge(attend(q, k, v, options)), w_o);
}

Tensor64 copy_heads(const Tensor& kv, std::int64_t heads, const HeadMap& source) {
  Tensor64 result({kv.dim(0), heads, kv.dim(2), kv.dim(3)});
  for (std::int64_t b = 0; b < kv.dim(0); ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < kv.dim(2); ++i)
        std::ranges::copy(kv.row(b, source(h), i), result.row(b, h, i).begin());
  return result;
}

}  // namespace

Visible visible(Mask mask, std::int64_t q_len, std::int64_t kv_len) {
  if (mask == Mask::none) return {};
  return [shift = kv_len - q_len](std::int64_t row, std::int64_t column) { return column <= row + shift; };
}

Tensor64 attention(const Tensor64& q, const Tensor64& k, const Tensor64& v, const Attention& options) {
  return attend(q, k, v, options);
}

Tensor64 attention(const Tensor& q, const Tensor& k, const Tensor& v, const Attention& options) {
  return attend(to_double(q), to_double(k), to_double(v), options);
}

Tensor64 repeat_kv(const Tensor& kv, std::int64_t n_rep) {
  return copy_heads(kv, kv.dim(1) * n_rep, [&](std::int64_t h) { return h / n_rep; });
}

Tensor64 tile_kv(const Tensor& kv, std::int64_t n_rep) {
  return copy_heads(kv, kv.dim(1) * n_rep, [&](std::int64_t h) { return h % kv.dim(1); });
}

Tensor64 linear(const Tensor64& x, const Tensor64& w) { return multiply(x, w); }
Tensor64 split_heads(const Tensor64& x, std::int64_t heads) { return split(x, heads); }
Tensor64 merge_heads(const Tensor64& x) { return merge(x); }

Tensor64 attention_layer(const Tensor64& x, const LayerWeights& weights, std::int64_t heads, std::int64_t kv_heads,
                         const Attention& options) {
  return cross_attention_layer(x, x, weights, heads, kv_heads, options);
}

Tensor64 cross_attention_layer(const Tensor64& x, const Tensor64& memory, const LayerWeights& weights,
                               std::int64_t heads, std::int64_t kv_heads, const Attention& options) {
  return layer(x, memory, weights.w_q, weights.w_k, weights.w_v, weights.w_o, heads, kv_heads, options);
}

Tolerance attention_rounding(const Tensor& q, const Tensor& k, const Tensor& v, const Attention& options,
                             const Tensor64& exact) {
  return lost_in_float(attend(q, k, v, options), exact);
}

Tolerance attention_layer_rounding(const Tensor64& x, const LayerWeights& weights, std::int64_t heads,
                                   std::int64_t kv_heads, const Attention& options) {
  return cross_attention_layer_rounding(x, x, weights, heads, kv_heads, options);
}

Tolerance cross_attention_layer_rounding(const Tensor64& x, const Tensor64& memory, const LayerWeights& weights,
                                         std::int64_t heads, std::int64_t kv_heads, const Attention& options) {
  const Tensor in_float = layer(to_float(x), to_float(memory), to_float(weights.w_q), to_float(weights.w_k),
                                to_float(weights.w_v), to_float(weights.w_o), heads, kv_heads, options);
  return lost_in_float(in_float, cross_attention_layer(x, memory, weights, heads, kv_heads, options));
}

}  // namespace workbook::oracle
