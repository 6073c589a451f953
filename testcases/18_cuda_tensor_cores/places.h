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

/// Weights times values, where weights are rearranged in each block of 16 queries and 16 keys before a row is divided
/// by its own sum. Exact where all keys are in one tile.
template <class From>
Tensor64 with_weights_moved(const Inputs& in, Mask mask, From from) {
  Tensor64 weights = oracle::attention_scores(in.q, in.k, formula(in, mask).visible);
  const std::int64_t width = in.kv_len(), rows = weights.size() / width;
  std::vector<double> sums;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto scores =
        weights.values().subspan(static_cast<std::size_t>(row * width), static_cast<std::size_t>(width));
    const double largest = std::ranges::max(scores);
    double& sum = sums.emplace_back(0);
    for (double& x : scores) sum += x = std::isinf(largest) ? 0 : std::exp(x - largest);
  }
  weights = moved(weights, from);
  for (std::int64_t i = 0; i < weights.size(); ++i)
    if (const double sum = sums[static_cast<std::size_t>(i / width)]; sum > 0) weights.values()[i] /= sum;
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

/// The order of registers 1 and 2 of ldmatrix, exchanged: rows 8 below for columns 8 further.
inline At mixed(std::int64_t i, std::int64_t d) { return (i / 8 + d / 8) % 2 == 0 ? At{i, d} : At{i ^ 8, d ^ 8}; }

/// Rows whose chunks were stored in order and are read through the swizzle.
inline At through_swizzle(std::int64_t i, std::int64_t d) { return {i, ((d / 8) ^ (i % 8)) * 8 + d % 8}; }

/// 16 x 16 blocks, transposed.
inline At turned_over_16(std::int64_t i, std::int64_t d) { return {i / 16 * 16 + d % 16, d / 16 * 16 + i % 16}; }

/// Rows 8 to 15 of every 16 with the numbers of rows 0 to 7.
inline At first_8(std::int64_t i, std::int64_t d) { return {i & ~std::int64_t{8}, d}; }

}  // namespace workbook::cuda_tensor_cores
