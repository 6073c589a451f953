#pragma once
/// What softmax should return, and what it returns when somebody has one idea wrong.

#include "common/oracle/softmax.h"
#include "inputs.h"
#include "steps.h"

namespace workbook::scaled_dot_product {

/// Softmax of x with shift_of(row) taken off first, without any care for rows that are all hidden.
template <class F>
Tensor careless_softmax(const Tensor& x, F shift_of) {
  Tensor result(x.shape());
  for_each_score(x.shape(), [&](Index at) {
    const auto [b, h, i, j] = at;
    const auto row = x.row(b, h, i);
    const float shift = shift_of(row);
    float sum = 0;
    for (const float score : row) sum += std::exp(score - shift);
    result.at(b, h, i, j) = std::exp(x.at(b, h, i, j) - shift) / sum;
  });
  return result;
}

inline Tensor64 transposed(const Tensor64& x) {
  Tensor64 result({x.dim(0), x.dim(1), x.dim(3), x.dim(2)});
  for_each_score(x.shape(),
                 [&](Index at) { result.at(at[0], at[1], at[3], at[2]) = x.at(at[0], at[1], at[2], at[3]); });
  return result;
}

/// Weights where rows that are all hidden attend to everything alike.
inline Tensor64 uniform_when_hidden(Tensor64 weights) {
  for (std::int64_t first = 0; first < weights.size(); first += weights.dim(3)) {
    const auto row =
        weights.values().subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(weights.dim(3)));
    if (std::ranges::all_of(row, [](double x) { return x == 0; }))
      std::ranges::fill(row, 1 / static_cast<double>(weights.dim(3)));
  }
  return weights;
}

/// Matches softmax(scores).
inline Matches are_weights(const Tensor& scores) {
  return matches(oracle::softmax(scores), oracle::softmax_rounding(scores.dim(3)))
      .but_not([=] { return transposed(oracle::softmax(transposed(to_double(scores)))); },
               "the weights of a column add up to 1: a softmax over the queries. Each query distributes its attention "
               "over the keys, so it is the rows that do")
      .but_not([=] { return careless_softmax(scores, [](auto row) { return *std::ranges::max_element(row); }); },
               "a row that is all hidden is NaN: -inf - (-inf), or 0 / 0. Its query sees no key, and its weights are 0")
      .but_not([=] { return careless_softmax(scores, [](auto) { return 0.f; }); },
               "nothing was taken off the scores before exp(): it is inf above 88.72, and 0 far below. Take the row's "
               "largest score off first, as in lesson 01")
      .but_not([=] { return uniform_when_hidden(oracle::softmax(scores)); },
               "a row that is all hidden has weights 1 / kv_len, so its query reads every key that it must not see. "
               "Its weights are 0");
}

}  // namespace workbook::scaled_dot_product
