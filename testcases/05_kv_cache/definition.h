#pragma once
/// The layer by its definition: all tokens of all sequences at once, without any cache.

#include <functional>
#include <vector>

#include "common/checker/attention/turn.h"
#include "common/checker/student.h"
#include "common/oracle/rounding.h"

namespace workbook::kv_cache {

using attention_tests::Turn;

struct Sizes {
  std::int64_t batch = 1, len = 1, d_model = 10;
  int heads = 1, kv_heads = 1, head_dim = 6;
};

/// Whole sequences, and the layer that is to compute them piece by piece.
struct Sequences {
  Tokens tokens;  ///< all of them; the mask is [batch, len]
  LayerWeights weights;
  int heads = 1, kv_heads = 1;
  double base = 10'000;
  std::int64_t window = 0;  ///< 0: every token sees all before it

  std::int64_t batch() const { return tokens.hidden_states.dim(0); }
  std::int64_t len() const { return tokens.hidden_states.dim(1); }
  std::int64_t d_model() const { return tokens.hidden_states.dim(2); }
  std::int64_t head_dim() const { return weights.w_q.dim(1) / heads; }
};

inline Sequences random_sequences(const Sizes& s) {
  const std::int64_t width = std::int64_t{s.heads} * s.head_dim, kv_width = std::int64_t{s.kv_heads} * s.head_dim;
  Sequences all{.tokens = {random_normal({s.batch, s.len, s.d_model}), PositionIds({s.batch, s.len}),
                           TensorOf<bool>({s.batch, s.len}, true)},
                .weights = {random_projection(s.d_model, width), random_projection(s.d_model, kv_width),
                            random_projection(s.d_model, kv_width), random_projection(width, s.d_model)},
                .heads = s.heads,
                .kv_heads = s.kv_heads};
  // Keys that agree with queries: scores are large enough for weights to differ.
  for (float& x : all.weights.w_q.values()) x *= 2;
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t t = 0; t < s.len; ++t) all.tokens.position_ids.at(b, t) = t;
  return all;
}

/// Sequence b begins with padding[b] tokens that are none; position ids count from 0 after them, as libraries have it.
inline void pad_left(Sequences& all, const std::vector<std::int64_t>& padding) {
  for (std::int64_t b = 0; b < all.batch(); ++b)
    for (std::int64_t t = 0; t < all.len(); ++t) {
      const std::int64_t id = t - padding[static_cast<std::size_t>(b)];
      all.tokens.attention_mask.at(b, t) = id >= 0;
      all.tokens.position_ids.at(b, t) = std::max<std::int64_t>(id, 0);
    }
}

/// Where each call's tokens begin; the last one ends at len().
using Starts = std::vector<std::int64_t>;

/// A token that looks at another one: sequence, its number, the other's, and where the calls of both began.
struct Look {
  std::int64_t b, token, other, begin, other_begin, end;
  bool is_cached() const { return other < begin; }
};

/// What people get wrong in the layer is an argument. Empty functions stand for what is right.
struct Formula {
  Turn turn = {.halves = true};
  std::function<std::int64_t(const Look&)> query_position = {}, key_position = {};
  std::function<bool(const Look&)> sees = {};
  bool values_turn = false;
  bool base_ignored = false;  ///< 10 000 whatever it is
  double scale = 0;           ///< 0: right
  bool mask_after_softmax = false;
  bool two_softmaxes = false;  ///< one over the cache, one over the new tokens
  std::function<std::int64_t(std::int64_t h)> kv_head = {};
  bool no_projection = false, last_head_only = false;
  bool cached_values_of_token_0 = false;
  bool cached_values_lost = false, new_values_lost = false;  ///< their weights remain
};

template <class T>
using Rows = std::vector<std::vector<T>>;

/// x w of one sequence, one head's columns.
template <class T>
Rows<T> projected(const Tensor& x, std::int64_t b, const Tensor& w, std::int64_t first, std::int64_t width) {
  Rows<T> out(static_cast<std::size_t>(x.dim(1)), std::vector<T>(static_cast<std::size_t>(width)));
  for (std::int64_t t = 0; t < x.dim(1); ++t)
    for (std::int64_t c = 0; c < width; ++c)
      for (std::int64_t m = 0; m < x.dim(2); ++m)
        out[static_cast<std::size_t>(t)][static_cast<std::size_t>(c)] += T{x.at(b, t, m)} * T{w.at(m, first + c)};
  return out;
}

/// Whether the layer's token sees the other one.
inline bool sees(const Sequences& s, const Look& l) {
  return l.other <= l.token && (s.window == 0 || l.other > l.token - s.window) &&
         s.tokens.attention_mask.at(l.b, l.other);
}

/// One head's results for one sequence, [len, head_dim].
template <class T>
Rows<T> head_results(const Sequences& s, std::int64_t b, std::int64_t h, const Starts& starts, const Formula& f) {
  const std::int64_t d = s.head_dim(), len = s.len(), n_rep = s.heads / s.kv_heads;
  const std::int64_t kv_head = f.kv_head ? f.kv_head(h) : h / n_rep;
  const auto q = projected<T>(s.tokens.hidden_states, b, s.weights.w_q, h * d, d);
  auto k = projected<T>(s.tokens.hidden_states, b, s.weights.w_k, kv_head * d, d);
  auto v = projected<T>(s.tokens.hidden_states, b, s.weights.w_v, kv_head * d, d);
  const T scale = static_cast<T>(f.scale == 0 ? 1 / std::sqrt(static_cast<double>(d)) : f.scale);
  Turn turn = f.turn;
  if (!f.base_ignored) turn.base = s.base;
  Starts begins;  // of the call that brings token t
  for (std::int64_t t = 0; t < len; ++t) begins.push_back(*std::prev(std::ranges::upper_bound(starts, t)));
  const auto begin_of = [&](std::int64_t t) { return begins[static_cast<std::size_t>(t)]; };
  const auto end_of = [&](std::int64_t t) {
    const auto next = std::ranges::upper_bound(starts, t);
    return next == starts.end() ? len : *next;
  };
  const auto id = [&](std::int64_t t) { return s.tokens.position_ids.at(b, t); };
  for (std::int64_t t = 0; t < len; ++t) {
    if (!f.key_position) attention_tests::turn<T>(k[static_cast<std::size_t>(t)], id(t), turn);
    if (f.values_turn) attention_tests::turn<T>(v[static_cast<std::size_t>(t)], id(t), turn);
  }
  std::vector<T> turned;
  Rows<T> out(static_cast<std::size_t>(len), std::vector<T>(static_cast<std::size_t>(d)));
  for (std::int64_t t = 0; t < len; ++t) {
    Look look{b, t, t, begin_of(t), begin_of(t), end_of(t)};
    auto query = q[static_cast<std::size_t>(t)];
    attention_tests::turn<T>(query, f.query_position ? f.query_position(look) : id(t), turn);
    std::vector<T> scores(static_cast<std::size_t>(len), -std::numeric_limits<T>::infinity());
    T largest = -std::numeric_limits<T>::infinity(), sum = 0;
    for (std::int64_t j = 0; j < len; ++j) {
      look.other = j, look.other_begin = begin_of(j);
      if (!f.mask_after_softmax && !(f.sees ? f.sees(look) : sees(s, look))) continue;
      if (f.key_position) attention_tests::turn<T>(turned = k[static_cast<std::size_t>(j)], f.key_position(look), turn);
      const std::vector<T>& key = f.key_position ? turned : k[static_cast<std::size_t>(j)];
      T score = 0;
      for (std::size_t c = 0; c < key.size(); ++c) score += query[c] * key[c];
      largest = std::max(largest, scores[static_cast<std::size_t>(j)] = score * scale);
    }
    if (std::isinf(largest)) continue;
    const std::int64_t split = f.two_softmaxes ? look.begin : 0;
    T of_cache = 0;
    for (std::int64_t j = 0; j < len; ++j) {
      T& score = scores[static_cast<std::size_t>(j)];
      (j < split ? of_cache : sum) += score = std::exp(score - largest);
    }
    for (std::int64_t j = 0; j < len; ++j) {
      look.other = j;
      if (f.mask_after_softmax && !sees(s, look)) continue;
      if (look.is_cached() ? f.cached_values_lost : f.new_values_lost) continue;
      const auto& value = v[static_cast<std::size_t>(f.cached_values_of_token_0 && look.is_cached() ? 0 : j)];
      const T weight = scores[static_cast<std::size_t>(j)] / (j < split ? of_cache : sum);
      for (std::size_t c = 0; c < value.size(); ++c) out[static_cast<std::size_t>(t)][c] += weight * value[c];
    }
  }
  return out;
}

/// The layer's outputs for all tokens [batch, len, d_model], if the calls began at `starts`.
template <class T>
TensorOf<T> layer(const Sequences& s, const Starts& starts = {0}, const Formula& f = {}) {
  TensorOf<T> out({s.batch(), s.len(), s.d_model()});
  const std::int64_t d = s.head_dim();
  for (std::int64_t b = 0; b < s.batch(); ++b)
    for (std::int64_t h = f.last_head_only ? s.heads - 1 : 0; h < s.heads; ++h) {
      const auto results = head_results<T>(s, b, h, starts, f);
      for (std::int64_t t = 0; t < s.len(); ++t)
        for (std::int64_t c = 0; c < d; ++c) {
          const T x = results[static_cast<std::size_t>(t)][static_cast<std::size_t>(c)];
          if (f.no_projection) {
            if (h * d + c < s.d_model()) out.at(b, t, h * d + c) = x;
            continue;
          }
          for (std::int64_t m = 0; m < s.d_model(); ++m) out.at(b, t, m) += x * T{s.weights.w_o.at(h * d + c, m)};
        }
    }
  return out;
}

}  // namespace workbook::kv_cache
