#pragma once
/// Knows results that were put together from the wrong registers, and masks of the wrong elements.

#include "places.h"

namespace workbook::cuda_tensor_cores {

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
      .but_not([=] { return attention(q, k, moved(v, mixed)); },
               "registers 1 and 2 of ldmatrix_trans have changed places: the first product takes the values of 16 keys "
               "for 8 channels")
      .but_not([=] { return attention(moved(q, mixed), k, v); },
               "registers 1 and 2 of the queries have changed places: a's register 1 is of the rows 8 below, register "
               "2 of the channels 8 further")
      .but_not([=] { return attention(q, moved(k, turned_over_16), v); },
               "each 16 x 16 block of the keys is transposed: the factor of the scores is k^T, and row-major keys are "
               "k^T column by column")
      .but_not([=] { return attention(q, k, moved(v, turned_over_16)); },
               "each 16 x 16 block of the values is transposed: they are multiplied as they lie, row by row")
      .but_not([=] { return attention(q, moved(k, first_8), v); },
               "keys 8-15 of every 16 have the scores of keys 0-7: the second product takes registers 2 and 3")
      .but_not(
          [=] { return with_weights_moved(in, mask, mixed); },
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

/// Knows masks that are right for one row of a warp's 16, or for one column of a fragment's 8.
inline Matches but_not_masked_by_fragments(Matches right, const Inputs& in) {
  const std::int64_t shift = in.kv_len() - in.q_len();
  const auto masked = [=](auto visible) {
    return [=] { return oracle::attention(in.q, in.k, in.v, {.visible = visible}); };
  };
  return std::move(right)
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j <= i / 16 * 16 + shift; }),
               "all 16 queries of a warp see what its first one sees: the row of an element is the warp's first and "
               "c_place(lane, i).row")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j <= i / 16 * 16 + i % 8 + shift; }),
               "elements 2 and 3 of a fragment are masked as if they were of the same row as elements 0 and 1: they "
               "are of the row 8 below")
      .but_not(masked([=](std::int64_t i, std::int64_t j) {
                 return j <= i + shift || (j / kTile + 1) * kTile <= i / 16 * 16 + 16 + shift;
               }),
               "a tile that the last of a warp's 16 queries sees as a whole was not masked for the others: the first "
               "one sees least")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j / 8 * 8 <= i + shift; }),
               "all 8 keys of a fragment are hidden or seen together: the key of an element is 8 n and "
               "c_place(lane, i).col");
}

/// Knows sums of fragments that begin with something else than they should.
inline Matches but_not_other_sums(Matches right, const Inputs& in, Mask mask) {
  const auto cumulated = [in, mask] {
    Inputs wrong = in;
    const std::int64_t head_dim = in.k.dim(3);
    for (std::int64_t row = 0; row < in.k.size() / head_dim; ++row)
      if (row % in.kv_len() % kTile >= 16)
        for (std::int64_t c = 0; c < head_dim; ++c)
          wrong.k.values()[row * head_dim + c] += wrong.k.values()[(row - 16) * head_dim + c];
    return oracle::attention(wrong.q, wrong.k, wrong.v, formula(in, mask));
  };
  const auto last_tile = [in, mask] {
    Inputs wrong = in;
    for (std::int64_t i = 0; i < in.v.size(); ++i)
      if (i / in.v.dim(3) % in.kv_len() < (in.kv_len() - 1) / kTile * kTile) wrong.v.values()[i] = 0;
    return oracle::attention(wrong.q, wrong.k, wrong.v, formula(in, mask));
  };
  return std::move(right)
      .but_not(
          cumulated,
          "the scores of 16 keys were added to those of the 16 keys before: the sums of each block of scores begin "
          "with 0")
      .but_not(last_tile, "only the values of the last tile are in the output: its sums begin with the output so far");
}

}  // namespace workbook::cuda_tensor_cores
