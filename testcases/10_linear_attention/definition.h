#pragma once
/// Linear attention by its definition, a weight for every pair, with any one idea wrong.

#include <cmath>
#include <functional>

#include "common/checker/attention/inputs.h"
#include "common/checker/student.h"
#include "common/oracle/rounding.h"

namespace workbook::linear_attention {

using attention_tests::Inputs;
using attention_tests::random_inputs;

/// How often key j counts for query i; right is 1 if it is visible, else 0.
using Counts = std::function<double(std::int64_t i, std::int64_t j)>;

inline double all_keys(std::int64_t, std::int64_t) { return 1; }
inline double causal(std::int64_t i, std::int64_t j) { return j <= i; }

/// The first head whose keys still count for this one; heads are numbered through all batches.
using Oldest = std::function<std::int64_t(std::int64_t head)>;

/// What people get wrong is an argument.
struct Formula {
  FeatureMap map = FeatureMap::elu_plus_one;
  Counts values = all_keys;      ///< in the sum of values
  Counts normaliser = {};        ///< in the denominator; empty: as values
  bool normalised = true;        ///< divided by the denominator
  double scale = 1;              ///< of q and k, before the features
  bool raw_q = false;            ///< the query itself in place of its features
  bool raw_k = false;            ///< the same for keys
  Oldest oldest = {};            ///< its sums were cleared, and those of no head after it; empty: each head's are
  Counts old_values = all_keys;  ///< what the heads since then leave in the sum of values
  Counts old_normaliser = all_keys;
  double added = 0;                                           ///< to the denominator
  double least = -std::numeric_limits<double>::infinity();    ///< the denominator is at least so large
  double ignored = -std::numeric_limits<double>::infinity();  ///< a denominator below this gives zeros
  bool divided_twice = false;
  bool divided_by_keys = false;  ///< by their number, in place of the denominator
};

/// phi of one row. `start`: where the search for the largest channel begins.
template <class T>
std::vector<T> features(std::span<const float> x, FeatureMap map, T scale = 1,
                        T start = -std::numeric_limits<T>::infinity()) {
  std::vector<T> phi;
  phi.reserve(x.size());
  for (const float value : x) phi.push_back(T{value} * scale);
  if (map == FeatureMap::elu_plus_one) {
    for (T& c : phi) c = c > 0 ? c + 1 : std::exp(c);
    return phi;
  }
  const T largest = std::max(start, *std::ranges::max_element(phi));
  T sum = 0;
  for (T& c : phi) sum += c = std::exp(c - largest);
  for (T& c : phi) c /= sum;
  return phi;
}

namespace detail {

template <class T>
std::vector<T> features_of(std::span<const float> x, const Formula& f, bool raw) {
  if (raw) return {x.begin(), x.end()};
  return features<T>(x, f.map, static_cast<T>(f.scale));
}

/// Of all rows. [batch, heads, seq, head_dim]
template <class T>
TensorOf<T> features_of(const Tensor& x, const Formula& f, bool raw) {
  TensorOf<T> phi(x.shape());
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i)
        std::ranges::copy(features_of<T>(x.row(b, h, i), f, raw), phi.row(b, h, i).begin());
  return phi;
}

/// Adds the keys of head `source`, whose features are phi_k, to the sums of one query. @returns what they add to the
/// denominator
template <class T>
T add_keys(const Inputs& in, const TensorOf<T>& phi_k, std::span<const T> phi_q, std::int64_t i, std::int64_t b,
           std::int64_t source, const Counts& values, const Counts& normaliser, std::span<T> out) {
  T denominator = 0;
  for (std::int64_t j = 0; j < in.k.dim(2); ++j) {
    const auto count = static_cast<T>(values(i, j)), count_below = static_cast<T>(normaliser(i, j));
    if (count == 0 && count_below == 0) continue;
    const std::span<const T> key = phi_k.row(b, source, j);
    T weight = 0;
    for (std::size_t c = 0; c < phi_q.size(); ++c) weight += phi_q[c] * key[c];
    denominator += weight * count_below;
    const auto v = in.v.row(b, source, j);
    if (count == 0) continue;
    for (std::size_t e = 0; e < out.size(); ++e) out[e] += count * weight * T{v[e]};
  }
  return denominator;
}

}  // namespace detail

/// Time O(q_len kv_len (head_dim + value_dim)) for a head.
template <class T>
TensorOf<T> attention(const Inputs& in, const Formula& f) {
  TensorOf<T> out({in.q.dim(0), in.q.dim(1), in.q.dim(2), in.v.dim(3)});
  const Counts normaliser = f.normaliser ? f.normaliser : f.values;
  const auto phi_q = detail::features_of<T>(in.q, f, f.raw_q), phi_k = detail::features_of<T>(in.k, f, f.raw_k);
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      for (std::int64_t i = 0; i < in.q.dim(2); ++i) {
        const std::span<const T> query = phi_q.row(b, h, i);
        const std::span<T> row = out.row(b, h, i);
        T denominator = 0;
        const std::int64_t here = b * in.q.dim(1) + h;
        for (std::int64_t head = f.oldest ? f.oldest(here) : here; head < here; ++head)
          denominator += detail::add_keys<T>(in, phi_k, query, i, head / in.q.dim(1), head % in.q.dim(1), f.old_values,
                                             f.old_normaliser, row);
        denominator += detail::add_keys<T>(in, phi_k, query, i, b, h, f.values, normaliser, row);
        if (f.divided_by_keys) denominator = static_cast<T>(in.k.dim(2));
        if (denominator < static_cast<T>(f.ignored)) std::ranges::fill(row, T{0});
        denominator = std::max(denominator + static_cast<T>(f.added), static_cast<T>(f.least));
        for (int n = 0; f.normalised && denominator != 0 && n < (f.divided_twice ? 2 : 1); ++n)
          for (T& x : row) x /= denominator;
      }
  return out;
}

/// Features of every row. [batch, heads, seq, head_dim]
inline Tensor64 features(const Tensor& x, FeatureMap map) {
  Tensor64 phi(x.shape());
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i)
        std::ranges::copy(features<double>(x.row(b, h, i), map), phi.row(b, h, i).begin());
  return phi;
}

}  // namespace workbook::linear_attention
