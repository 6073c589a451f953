#pragma once
/// The steps of attention by their definitions, for double and for float.

#include <cmath>

#include "common/oracle/rows.h"
#include "masking.h"

namespace workbook::scaled_dot_product {

template <class T>
TensorOf<T> scores_of(const TensorOf<T>& q, const TensorOf<T>& k, double scale) {
  TensorOf<T> scores({q.dim(0), q.dim(1), q.dim(2), k.dim(2)});
  for_each_score(scores.shape(), [&](Index at) {
    const auto [b, h, i, j] = at;
    scores.at(b, h, i, j) = static_cast<T>(scale) * oracle::dot<T>(q.row(b, h, i), k.row(b, h, j));
  });
  return scores;
}

/// A row of nothing but -inf becomes zeros.
template <class T>
TensorOf<T> softmax_of(const TensorOf<T>& scores) {
  TensorOf<T> weights(scores.shape());
  for (std::int64_t first = 0; first < scores.size(); first += scores.dim(3)) {
    const auto row = scores.values().subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(scores.dim(3)));
    const T largest = *std::ranges::max_element(row);
    if (largest == -std::numeric_limits<T>::infinity()) continue;
    T sum = 0;
    for (const T x : row) sum += std::exp(x - largest);
    for (std::size_t j = 0; j < row.size(); ++j)
      weights.values()[first + static_cast<std::int64_t>(j)] = std::exp(row[j] - largest) / sum;
  }
  return weights;
}

/// Zeros where a key is hidden; the other weights stay as they are.
template <class T>
TensorOf<T> zeroed(TensorOf<T> weights, const Masks& masks) {
  for_each_score(weights.shape(), [&](Index at) {
    if (is_hidden(weights.shape(), masks, {}, at)) weights.at(at[0], at[1], at[2], at[3]) = 0;
  });
  return weights;
}

template <class T>
TensorOf<T> weighted_sum(const TensorOf<T>& weights, const TensorOf<T>& v) {
  TensorOf<T> out({weights.dim(0), weights.dim(1), weights.dim(2), v.dim(3)});
  for_each_score(weights.shape(), [&](Index at) {
    const auto [b, h, i, j] = at;
    oracle::add<T>(weights.at(b, h, i, j), v.row(b, h, j), out.row(b, h, i));
  });
  return out;
}

/// The weights of attention.
template <class T>
TensorOf<T> weights_of(const TensorOf<T>& q, const TensorOf<T>& k, const Masks& masks, double scale,
                       const Steps& steps = {}) {
  TensorOf<T> scores = scores_of(q, k, steps.scale_the_bias ? 1 : scale);
  if (steps.mask_after_softmax) return zeroed(softmax_of(masked(scores, {.bias = masks.bias})), masks);
  scores = masked(scores, masks, steps);
  if (steps.base_two)
    for (T& score : scores.values()) score *= static_cast<T>(std::log(2.0));
  if (steps.scale_the_bias)
    for (T& score : scores.values()) score *= static_cast<T>(scale);
  return softmax_of(scores);
}

}  // namespace workbook::scaled_dot_product
