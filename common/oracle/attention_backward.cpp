#include "common/oracle/attention_backward.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/oracle/rounding.h"
#include "common/oracle/rows.h"

namespace workbook::oracle {
namespace {

// Each formula is written once, for double and for float: what float loses is the difference.

template <class T>
struct GradientsOf {
  TensorOf<T> dq, dk, dv;
};

/// log(sum of exp), stored as T.
template <class T>
T log_sum_exp(std::span<const T> row) {
  const T highest = *std::ranges::max_element(row);
  T sum = 0;
  for (const T x : row) sum += std::exp(x - highest);
  return highest + std::log(sum);
}

/// One query and the keys that it sees.
template <class T>
struct Row {
  std::vector<std::int64_t> keys;
  std::vector<T> weights, factors, d_weights;

  void find_keys(const Visible& visible, std::int64_t i, std::int64_t kv_len) {
    keys = keys_seen(visible, i, kv_len);
    for (auto* values : {&weights, &factors, &d_weights}) values->resize(keys.size());
  }
};

template <class T>
void add_gradients_of_row(Row<T>& row, std::span<const T> q, std::span<const T> d_output, ConstViewOf<T> k,
                          ConstViewOf<T> v, std::span<T> dq, ViewOf<T> dk, ViewOf<T> dv) {
  const auto row_of = [](auto view, std::int64_t j) {
    return std::span(view.data() + j * view.outerStride(), static_cast<std::size_t>(view.cols()));
  };
  const T scale = static_cast<T>(1 / std::sqrt(static_cast<double>(q.size())));
  for (std::size_t n = 0; n < row.keys.size(); ++n) row.weights[n] = scale * dot<T>(q, row_of(k, row.keys[n]));
  const T lse = log_sum_exp<T>(row.weights);
  T mean = 0;  // of the weights' derivatives, weighted by the weights
  for (std::size_t n = 0; n < row.keys.size(); ++n) {
    row.weights[n] = std::exp(row.weights[n] - lse);
    row.d_weights[n] = row.factors[n] * dot<T>(d_output, row_of(v, row.keys[n]));
    mean += row.weights[n] * row.d_weights[n];
  }
  for (std::size_t n = 0; n < row.keys.size(); ++n) {
    const std::int64_t j = row.keys[n];
    const T d_score = row.weights[n] * (row.d_weights[n] - mean);
    add<T>(scale * d_score, row_of(k, j), dq);
    add<T>(scale * d_score, q, row_of(dk, j));
    add<T>(row.weights[n] * row.factors[n], d_output, row_of(dv, j));
  }
}

template <class T>
GradientsOf<T> backward(const TensorOf<T>& q, const TensorOf<T>& k, const TensorOf<T>& v, const TensorOf<T>& d_output,
                        const AttentionBackward& options) {
  const std::int64_t n_rep = std::max<std::int64_t>(1, q.dim(1) / std::max<std::int64_t>(1, k.dim(1)));
  GradientsOf<T> sum{TensorOf<T>(q.shape()), TensorOf<T>(k.shape()), TensorOf<T>(v.shape())};
  Row<T> row;
  for (std::int64_t i = 0; i < q.dim(2); ++i) {
    row.find_keys(options.visible, i, k.dim(2));
    if (row.keys.empty()) continue;
    for (std::int64_t b = 0; b < q.dim(0); ++b)
      for (std::int64_t h = 0; h < q.dim(1); ++h) {
        for (std::size_t n = 0; n < row.keys.size(); ++n)
          row.factors[n] = static_cast<T>(options.factor ? options.factor(b, h, i, row.keys[n]) : 1);
        const std::int64_t kv_head = h / n_rep;
        add_gradients_of_row<T>(row, q.row(b, h, i), d_output.row(b, h, i), k.matrix(b, kv_head), v.matrix(b, kv_head),
                                sum.dq.row(b, h, i), sum.dk.matrix(b, kv_head), sum.dv.matrix(b, kv_head));
      }
  }
  return sum;
}

double largest_element(const Tensor& x) {
  double largest = 0;
  for (const float value : x.values()) largest = std::max(largest, std::abs(double{value}));
  return largest;
}

double longest_row(const Tensor& x) {
  double longest = 0;
  const std::int64_t columns = x.dim(3);
  for (std::int64_t i = 0; columns > 0 && i < x.size() / columns; ++i) {
    const auto row = x.values().subspan(static_cast<std::size_t>(i * columns), static_cast<std::size_t>(columns));
    longest = std::max(longest, std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
  }
  return std::sqrt(longest);
}

}  // namespace

AttentionGradients attention_backward(const Tensor64& q, const Tensor64& k, const Tensor64& v, const Tensor64& d_output,
                                      const AttentionBackward& options) {
  auto [dq, dk, dv] = backward(q, k, v, d_output, options);
  return {std::move(dq), std::move(dk), std::move(dv)};
}

AttentionGradients attention_backward(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& d_output,
                                      const AttentionBackward& options) {
  return attention_backward(to_double(q), to_double(k), to_double(v), to_double(d_output), options);
}

GradientTolerances attention_backward_rounding(const Tensor& q, const Tensor& k, const Tensor& v,
                                               const Tensor& d_output, const AttentionBackward& options,
                                               const AttentionGradients& exact) {
  const auto in_float = backward(q, k, v, d_output, options);
  // A weight of 1 has derivative dp - D = 0. Two orders of summation make it a few roundings of dp.
  const double dp = longest_row(d_output) * longest_row(v) / std::sqrt(static_cast<double>(q.dim(3)));
  const auto limit = [](const Tensor& rounded, const Tensor64& right, double cancelled) {
    Tolerance tolerance = lost_in_float(rounded, right);
    tolerance.absolute += 8 * kUnitRoundoff * cancelled;
    return tolerance;
  };
  return {limit(in_float.dq, exact.dq, dp * largest_element(k)), limit(in_float.dk, exact.dk, dp * largest_element(q)),
          lost_in_float(in_float.dv, exact.dv)};
}

}  // namespace workbook::oracle
