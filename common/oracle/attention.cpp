#include "common/oracle/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "common/oracle/softmax.h"

namespace workbook::oracle {
namespace {

/// Rounding errors of n additions add up like a random walk: about sqrt(n) u instead of the worst case n u (Higham
/// and Mary, "A new approach to probabilistic rounding error analysis", SIAM J. Sci. Comput. 41(5), 2019). Their
/// constant for a failure in 3000 is 4.
double walk(std::int64_t n) { return 4 * std::sqrt(static_cast<double>(n)) * kUnitRoundoff; }

double largest(const Tensor64& x) {
  double result = 0;
  for (const double value : x.values()) result = std::max(result, std::abs(value));
  return result;
}

/// The largest Euclidean norm of a row of the last axis.
double row_norm(const Tensor64& x) {
  double result = 0;
  const std::int64_t cols = x.dim(-1);
  for (std::int64_t first = 0; first < x.size(); first += cols) {
    double sum = 0;
    for (std::int64_t j = first; j < first + cols; ++j) sum += x.data()[j] * x.data()[j];
    result = std::max(result, sum);
  }
  return std::sqrt(result);
}

/// The largest Euclidean norm of a column of a matrix.
double column_norm(const Tensor64& w) {
  double result = 0;
  for (std::int64_t j = 0; j < w.dim(1); ++j) {
    double sum = 0;
    for (std::int64_t i = 0; i < w.dim(0); ++i) sum += w.at(i, j) * w.at(i, j);
    result = std::max(result, sum);
  }
  return std::sqrt(result);
}

double scale_of(std::optional<double> scale, const Tensor64& q) {
  return scale.value_or(1 / std::sqrt(static_cast<double>(q.dim(3))));
}

/// How far float may take attention from its value, if the elements of q, k and v are off by at most dq, dk and dv.
///
/// A score sums head_dim products, |q| |k| together at most; it is off by ds. So each probability is off by the factor
/// exp(2 ds), since its denominator is off as well, and by the rounding of a sum of kv_len terms; the output is an
/// average of v with these weights.
double attention_error(const Tensor64& q, const Tensor64& k, const Tensor64& v, double scale, double dq = 0,
                       double dk = 0, double dv = 0) {
  const std::int64_t head_dim = q.dim(3), kv_len = k.dim(2);
  const double q_norm = row_norm(q), k_norm = row_norm(k);
  const double inputs = std::sqrt(static_cast<double>(head_dim)) * (dq * k_norm + dk * q_norm);
  const double ds = std::abs(scale) * (inputs + (walk(head_dim) + 2 * kUnitRoundoff) * q_norm * k_norm);
  return dv + largest(v) * (2 * ds + 2 * walk(kv_len) + 4 * kUnitRoundoff);
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// sum += factor x
void add(double factor, std::span<const double> x, std::span<double> sum) {
  for (std::size_t i = 0; i < x.size(); ++i) sum[i] += factor * x[i];
}

Tensor64 copy_heads(const Tensor& kv, std::int64_t heads, const HeadMap& source) {
  Tensor64 result({kv.dim(0), heads, kv.dim(2), kv.dim(3)});
  for (std::int64_t b = 0; b < kv.dim(0); ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < kv.dim(2); ++i) std::ranges::copy(kv.row(b, source(h), i), result.row(b, h, i).begin());
  return result;
}

}  // namespace

Visible visible(Mask mask, std::int64_t q_len, std::int64_t kv_len) {
  if (mask == Mask::none) return {};
  return [shift = kv_len - q_len](std::int64_t row, std::int64_t column) { return column <= row + shift; };
}

Tensor64 attention(const Tensor64& q, const Tensor64& k, const Tensor64& v, const Attention& options) {
  const std::int64_t heads = q.dim(1), q_len = q.dim(2), kv_len = k.dim(2);
  const std::int64_t n_rep = std::max<std::int64_t>(1, heads / k.dim(1));
  const double scale = scale_of(options.scale, q);
  Tensor64 out({q.dim(0), heads, q_len, v.dim(3)});
  Tensor64 scores({q_len, kv_len});
  for (std::int64_t b = 0; b < q.dim(0); ++b)
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::int64_t key_head = options.key_head ? options.key_head(h) : h / n_rep;
      const std::int64_t value_head = options.value_head ? options.value_head(h) : h / n_rep;
      const auto hidden = [&](std::int64_t i, std::int64_t j) { return options.visible && !options.visible(i, j); };
      for (std::int64_t i = 0; i < q_len; ++i)
        for (std::int64_t j = 0; j < kv_len; ++j)
          scores.at(i, j) = hidden(i, j) && !options.mask_after_softmax
                                ? -std::numeric_limits<double>::infinity()
                                : scale * dot(q.row(b, h, i), k.row(b, key_head, j));
      const Tensor64 weights = softmax(scores);
      for (std::int64_t i = 0; i < q_len; ++i)
        for (std::int64_t j = 0; j < kv_len; ++j)
          if (!hidden(i, j)) add(weights.at(i, j), v.row(b, value_head, j), out.row(b, h, i));
    }
  return out;
}

Tensor64 attention(const Tensor& q, const Tensor& k, const Tensor& v, const Attention& options) {
  return attention(to_double(q), to_double(k), to_double(v), options);
}

Tensor64 repeat_kv(const Tensor& kv, std::int64_t n_rep) {
  return copy_heads(kv, kv.dim(1) * n_rep, [&](std::int64_t h) { return h / n_rep; });
}

Tensor64 tile_kv(const Tensor& kv, std::int64_t n_rep) {
  return copy_heads(kv, kv.dim(1) * n_rep, [&](std::int64_t h) { return h % kv.dim(1); });
}

Tensor64 linear(const Tensor64& x, const Tensor64& w) {
  Tensor64 out({x.dim(0), x.dim(1), w.dim(1)});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t i = 0; i < x.dim(1); ++i)
      for (std::int64_t k = 0; k < w.dim(0); ++k) add(x.at(b, i, k), w.row(k), out.row(b, i));
  return out;
}

Tensor64 split_heads(const Tensor64& x, std::int64_t heads) {
  const std::int64_t head_dim = x.dim(2) / heads;
  Tensor64 out({x.dim(0), heads, x.dim(1), head_dim});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < x.dim(1); ++i)
        for (std::int64_t d = 0; d < head_dim; ++d) out.at(b, h, i, d) = x.at(b, i, h * head_dim + d);
  return out;
}

Tensor64 merge_heads(const Tensor64& x) {
  const std::int64_t head_dim = x.dim(3);
  Tensor64 out({x.dim(0), x.dim(2), x.dim(1) * head_dim});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i)
        for (std::int64_t d = 0; d < head_dim; ++d) out.at(b, i, h * head_dim + d) = x.at(b, h, i, d);
  return out;
}

Tensor64 attention_layer(const Tensor64& x, const LayerWeights& weights, std::int64_t heads, std::int64_t kv_heads,
                         const Attention& options) {
  const Tensor64 q = split_heads(linear(x, weights.w_q), heads);
  const Tensor64 k = split_heads(linear(x, weights.w_k), kv_heads);
  const Tensor64 v = split_heads(linear(x, weights.w_v), kv_heads);
  return linear(merge_heads(attention(q, k, v, options)), weights.w_o);
}

Tolerance attention_rounding(const Tensor& q, const Tensor& k, const Tensor& v, std::optional<double> scale) {
  const Tensor64 exact_q = to_double(q);
  return {attention_error(exact_q, to_double(k), to_double(v), scale_of(scale, exact_q)), 0,
          "rounding of scores, softmax and average in float"};
}

Tolerance attention_layer_rounding(const Tensor64& x, const LayerWeights& weights, std::int64_t heads,
                                   std::int64_t kv_heads, std::optional<double> scale) {
  const Tensor64 q = split_heads(linear(x, weights.w_q), heads);
  const Tensor64 k = split_heads(linear(x, weights.w_k), kv_heads);
  const Tensor64 v = split_heads(linear(x, weights.w_v), kv_heads);
  // A projected element sums d_model products.
  const double projection = walk(x.dim(2)) * row_norm(x);
  const double attended = attention_error(q, k, v, scale_of(scale, q), projection * column_norm(weights.w_q),
                                          projection * column_norm(weights.w_k), projection * column_norm(weights.w_v));
  // The last product averages the errors of heads * head_dim independent inputs and adds its own; 4 as in walk().
  const std::int64_t inputs = weights.w_o.dim(0);
  const double norm = std::sqrt(static_cast<double>(inputs)) * largest(v);
  return {column_norm(weights.w_o) * (4 * attended + walk(inputs) * norm), 0,
          "rounding of projections and attention in float"};
}

}  // namespace workbook::oracle
