#pragma once
/// Inputs and results where every bit is known.

#include <fmt/format.h>

#include "common/checker/attention/attends.h"

namespace workbook::attention_tests {

/// Inputs in which a query has the score `score` with every second key, and twice that with the others, to the last
/// bit: only one channel of q and k is not 0. @pre head_dim is 4, 16 or 64
inline Inputs inputs_of_score(const Sizes& s, float score) {
  Inputs in = random_inputs(s);
  const float root = std::sqrt(static_cast<float>(s.head_dim));
  const auto set = [&](Tensor& x, auto value) {
    std::ranges::fill(x.values(), 0.f);
    for (std::int64_t row = 0; row < x.size() / s.head_dim; ++row) x.values()[row * s.head_dim + 3] = value(row);
  };
  set(in.q, [&](auto) { return root * score; });
  set(in.k, [&](auto row) { return row % s.kv_len % 2 == 0 ? 1.f : 2.f; });
  return in;
}

/// Rows 0 of all heads: [batch, heads, 1, head_dim].
inline Tensor first_queries(const Tensor& x) {
  Tensor result({x.dim(0), x.dim(1), 1, x.dim(3)});
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h) std::ranges::copy(x.row(b, h, 0), result.row(b, h, 0).begin());
  return result;
}

/// The value of key 0, for every query head. It knows numbers that people add to the sum.
inline Matches is_value_of_key_0(const Inputs& in) {
  const Tensor v = first_queries(in.v);
  const std::int64_t n_rep = in.q.dim(1) / v.dim(1);
  Tensor expected({v.dim(0), in.q.dim(1), 1, v.dim(3)});
  for (std::int64_t b = 0; b < v.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      std::ranges::copy(v.row(b, h / n_rep, 0), expected.row(b, h, 0).begin());
  Matches result = matches(expected, exact());
  for (const float small : {1e-3f, 1e-4f, 1e-5f, 1e-6f, 1e-7f})
    for (const bool product : {false, true})
      std::move(result).but_not(
          [=] {
            Tensor wrong = expected;
            for (float& x : wrong.values()) x = product ? x * (1 / (1 + small)) : x / (1 + small);
            return wrong;
          },
          fmt::format("{:g} was added to the sum of the weights, which is 1 here. A sum is at least 1 where a key is "
                      "seen, and 0 only where none is: ask for that",
                      double{small}));
  return result;
}

/// Rows in which only hidden keys count, each as much as the others. @pre causal, as many queries as keys
inline Tensor64 hidden_keys_only(const Inputs& in) {
  const std::int64_t last = in.q_len() - 1;
  const Tensor64 right = oracle::attention(in.q, in.k, in.v, formula(in, Mask::causal));
  Tensor64 result = oracle::attention(in.q, in.k, in.v, {.visible = [](auto i, auto j) { return j > i; }, .scale = 0});
  for (std::int64_t b = 0; b < result.dim(0); ++b)
    for (std::int64_t h = 0; h < result.dim(1); ++h)
      std::ranges::copy(right.row(b, h, last), result.row(b, h, last).begin());
  return result;
}

}  // namespace workbook::attention_tests
