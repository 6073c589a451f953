#pragma once
/// Results in which matrices were put together from the wrong registers: everything is there, in other places.

#include "common/checker/attention/flash.h"
#include "common/oracle/attention_scores.h"
#include "common/oracle/softmax.h"
#include "cuda_tensor_cores.h"

namespace workbook::cuda_tensor_cores {

using namespace attention_tests;

/// x[b, h, i, d] taken from (i, d) = from(i, d); 0 where that is outside.
template <class From>
Tensor64 moved(const Tensor64& x, From from) {
  Tensor64 result(x.shape());
  for (std::int64_t b = 0; b < x.dim(0); ++b)
    for (std::int64_t h = 0; h < x.dim(1); ++h)
      for (std::int64_t i = 0; i < x.dim(2); ++i)
        for (std::int64_t d = 0; d < x.dim(3); ++d) {
          const auto [row, col] = from(i, d);
          if (row < x.dim(2) && col < x.dim(3)) result.at(b, h, i, d) = x.at(b, h, row, col);
        }
  return result;
}

using At = std::pair<std::int64_t, std::int64_t>;

/// The values as a row of b has them if ldmatrix does not transpose: each 8 x 8 block is turned over.
inline At turned_over(std::int64_t i, std::int64_t d) { return {i / 8 * 8 + d % 8, d / 8 * 8 + i % 8}; }

/// Weights times values, where weights are rearranged in each block of 16 queries and 16 keys.
template <class From>
Tensor64 with_weights_moved(const Inputs& in, Mask mask, From from) {
  const Tensor64 weights =
      moved(oracle::softmax(oracle::attention_scores(in.q, in.k, formula(in, mask).visible)), from);
  const std::int64_t n_rep = in.q.dim(1) / in.k.dim(1);
  Tensor64 out(in.q.shape());
  for (std::int64_t b = 0; b < out.dim(0); ++b)
    for (std::int64_t h = 0; h < out.dim(1); ++h)
      for (std::int64_t i = 0; i < out.dim(2); ++i)
        for (std::int64_t j = 0; j < in.kv_len(); ++j)
          for (std::int64_t d = 0; d < out.dim(3); ++d)
            out.at(b, h, i, d) += weights.at(b, h, i, j) * double{in.v.at(b, h / n_rep, j, d)};
  return out;
}

/// Knows registers, and rows and chunks of ldmatrix, in another order.
inline Matches but_not_in_other_places(Matches right, const Inputs& in, Mask mask) {
  const oracle::Attention formula_of = formula(in, mask);
  const auto attention = [=](const Tensor64& q, const Tensor64& k, const Tensor64& v) {
    return oracle::attention(q, k, v, formula_of);
  };
  const Tensor64 q = to_double(in.q), k = to_double(in.k), v = to_double(in.v);
  const auto other_rows = [](std::int64_t i, std::int64_t d) { return At{i ^ 8, d}; };
  const auto other_cols = [](std::int64_t i, std::int64_t d) { return At{i, d ^ 8}; };
  return std::move(right)
      .but_not([=] { return attention(q, moved(k, other_cols), v); },
               "channels 0-7 of q are multiplied with channels 8-15 of k, and the other way round: which matrix does "
               "ldmatrix put into which register?")
      .but_not([=] { return attention(q, moved(k, other_rows), v); },
               "the scores of keys 0-7 and of keys 8-15 of every 16 have changed places: which registers of ldmatrix "
               "belong to the first product, which to the second?")
      .but_not([=] { return moved(attention(q, k, v), other_rows); },
               "rows 0-7 and 8-15 of every 16 have changed places: c[0] and c[1] are of row lane / 4, c[2] and c[3] of "
               "the row 8 below")
      .but_not([=] { return attention(q, k, moved(v, other_rows)); },
               "the weights of keys 0-7 meet the values of keys 8-15, and the other way round")
      .but_not([=] { return moved(attention(q, k, v), other_cols); },
               "channels 0-7 and 8-15 of every 16 have changed places in the output: which registers of "
               "ldmatrix_trans belong to which product?")
      .but_not([=] { return attention(q, k, moved(v, turned_over)); },
               "each 8 x 8 block of the values is turned over: a pair of b stands one below the other, and values lie "
               "row by row. ldmatrix_trans turns them")
      .but_not([=] { return attention(q, moved(k, turned_over), v); },
               "each 8 x 8 block of the keys is turned over: a row of keys is a column of b, which ldmatrix loads as "
               "it is, without .trans")
      .but_not(
          [=] {
            return with_weights_moved(in, mask, [](std::int64_t i, std::int64_t j) {
              return (i / 8 + j / 8) % 2 == 0 ? At{i, j} : At{i ^ 8, j ^ 8};
            });
          },
          "registers 1 and 2 of the weights have changed places: a's register 1 is of the rows 8 below, register 2 of "
          "the keys 8 further")
      .but_not(
          [=] { return with_weights_moved(in, mask, [](std::int64_t i, std::int64_t j) {
                  return At{i, j ^ 1};
                }); },
          "the two weights of each register have changed places: the lower half holds the first")
      .but_not(
          [=] { return with_weights_moved(in, mask, [](std::int64_t i, std::int64_t j) {
                  return At{i, j ^ 8};
                }); },
          "the weights of keys 0-7 meet the values of keys 8-15, and the other way round");
}

/// A cut: only the first n channels of q count.
inline Tensor first_channels(Tensor x, std::int64_t n) {
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (i % x.dim(-1) >= n) x.values()[i] = 0;
  return x;
}

}  // namespace workbook::cuda_tensor_cores
