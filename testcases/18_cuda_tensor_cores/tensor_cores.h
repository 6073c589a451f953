#pragma once
/// Calls of lesson 18's functions, and what they should return.

#include <fmt/format.h>

#include "common/checker/attention/fixed_sizes.h"
#include "common/checker/attention/lanes.h"
#include "common/checker/attention/log_sum_exp.h"
#include "common/checker/student.h"
#include "registers.h"

namespace workbook::cuda_tensor_cores {

struct Result {
  Tensor output, lse;
};

/// Calls one of the attention functions.
template <auto F, class T>
Result flash(const Narrow<T>& in, Mask mask) {
  TensorOf<T> output(in.q.shape());
  Tensor lse({in.q.dim(0), in.q.dim(1), in.wide.q_len()});
  student<F>(in.q, in.k, in.v, output, lse, mask, {});
  return {widened(output), lse};
}

/// Inputs in float16; those of q and k have this standard deviation.
inline Narrow<float16> halves(const Sizes& s, float stddev = 1) { return Narrow<float16>(random_inputs(s, stddev)); }
inline Narrow<bfloat16> bfloats(const Sizes& s, float stddev = 1) { return Narrow<bfloat16>(random_inputs(s, stddev)); }

/// Keys and values of zeros after the last ones, as a tile that is always full has them.
inline Inputs with_full_tiles(const Inputs& in) {
  const auto padded = [&](const Tensor& x) {
    Tensor result({x.dim(0), x.dim(1), (in.kv_len() + kTile - 1) / kTile * kTile, x.dim(3)});
    for (std::int64_t b = 0; b < x.dim(0); ++b)
      for (std::int64_t h = 0; h < x.dim(1); ++h)
        for (std::int64_t j = 0; j < x.dim(2); ++j) std::ranges::copy(x.row(b, h, j), result.row(b, h, j).begin());
    return result;
  };
  return {in.q, padded(in.k), padded(in.v), in.narrow};
}

/// Knows how a kernel of this lesson goes wrong. A row of scores is shared by four lanes, as c of mma is.
inline Matches but_not_another_kernel(Matches right, const Inputs& in, Mask mask) {
  const auto lane = [](int key) { return key % 8 / 2; };
  right = but_not_another_walk_over_tiles(std::move(right), in, {mask, kTile, kTile});
  right = but_not_other_sums(but_not_in_other_places(std::move(right), in, mask), in, mask);
  right = but_not_lanes_that_disagree(
      std::move(right), in, mask,
      {.lanes = 4, .lanes_in_words = "four", .kv_tile = kTile, .lane_of_key = lane, .lane_of_channel = lane});
  const auto full = [in] {
    const Inputs all = with_full_tiles(in);
    return oracle::attention(all.q, all.k, all.v);
  };
  if (mask == Mask::none && in.kv_len() % kTile != 0)
    std::move(right).but_not(full,
                             "keys that do not exist take part: a row of zeros in a tile scores 0, and e^0 is 1. Their "
                             "scores must be -inf");
  else if (mask == Mask::causal)
    right = but_not_masked_by_fragments(std::move(right), in);
  return but_not_a_fixed_size(std::move(right), in, mask);
}

/// Matches the output.
inline Matches output_of(const Inputs& in, Mask mask) {
  return matches_attention(in, formula(in, mask)).knowing([in, mask](Matches right) {
    return but_not_another_kernel(std::move(right), in, mask);
  });
}

/// Checks both results of an attention function.
inline void check_flash(const Result& got, const Inputs& in, Mask mask) {
  CHECK_THAT(got.output, output_of(in, mask));
  CHECK_THAT(got.lse, has_log_sum_exp(in, mask));
}

/// Calls tile_scores on the first head of the inputs, and checks the scores.
inline void check_scores(const Narrow<float16>& in, float scale = 0.7f) {
  const std::int64_t head_dim = in.q.dim(3), rows = in.wide.q_len(), cols = in.wide.kv_len();
  Tensor scores({rows, cols});
  student<tile_scores>(TensorOf<float16>({rows, head_dim}, in.q.values()),
                       TensorOf<float16>({cols, head_dim}, in.k.values()), scores, scale, {});
  const Tensor64 q = to_double(in.wide.q), k = to_double(in.wide.k);
  const auto sums = [=](double factor, auto query, auto key) {
    return [=] {
      Tensor64 result({rows, cols});
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < cols; ++j)
          for (std::int64_t c = 0; c < head_dim; ++c) {
            const auto [i0, ci] = query(i, c);
            const auto [j0, cj] = key(j, c);
            if (i0 < rows && j0 < cols && ci < head_dim && cj < head_dim)
              result.at(i, j) += factor * q.at(0, 0, i0, ci) * k.at(0, 0, j0, cj);
          }
      return result;
    };
  };
  const auto same = [](std::int64_t row, std::int64_t c) { return At{row, c}; };
  const auto other_row = [](std::int64_t row, std::int64_t c) { return At{row ^ 8, c}; };
  const auto other_chunk = [](std::int64_t row, std::int64_t c) { return At{row, c ^ 8}; };
  const double s = double{scale}, root = std::sqrt(static_cast<double>(head_dim));
  Matches right =
      matches(sums(s, same, same)(),
              {4 * oracle::score_rounding(in.wide.q, in.wide.k) * std::max(1., std::abs(s) * root), 2 * kUnitRoundoff,
               "rounding of head_dim products"})
          .but_not(sums(1, same, same), "the scores are not scaled")
          .but_not(sums(1 / root, same, same), "the scores are scaled by 1 / sqrt(head_dim), not by `scale`")
          .but_not(sums(s, other_row, same),
                   "queries 0-7 and 8-15 of every 16 have changed places: which rows does ldmatrix put into a's "
                   "registers 0 and 1?")
          .but_not(sums(s, same, other_row),
                   "keys 0-7 and 8-15 of every 16 have changed places: which registers of ldmatrix belong to the first "
                   "product, which to the second?")
          .but_not(sums(s, same, other_chunk),
                   "channels 0-7 of the queries are multiplied with channels 8-15 of the keys, and the other way "
                   "round: which chunk does each lane's address name?")
          .but_not(sums(s, mixed, same),
                   "registers 1 and 2 of the queries have changed places: a's register 1 is of the rows 8 below, "
                   "register 2 of the channels 8 further")
          .but_not(sums(s, same, mixed),
                   "registers 1 and 2 of the keys have changed places: each product takes 16 channels of 8 keys")
          .but_not(sums(s, same, first_8),
                   "keys 8-15 of every 16 have the scores of keys 0-7: the second product takes registers 2 and 3")
          .but_not(sums(s, through_swizzle, through_swizzle),
                   "tiles are stored in one order and read in another: both go through the swizzle")
          .but_not(sums(s, same, turned_over),
                   "each 8 x 8 block of the keys is turned over: a row of keys is a column of b, which ldmatrix loads "
                   "as it is, without .trans");
  for (std::int64_t channels = head_dim - 16; channels > 0; channels -= 16)
    std::move(right).but_not(
        [=] {
          const auto first = [=](std::int64_t row, std::int64_t c) { return c < channels ? At{row, c} : At{rows, c}; };
          return sums(s, first, same)();
        },
        fmt::format("only the first {} of {} channels take part in a score", channels, head_dim));
  CHECK_THAT(scores, right);
}

}  // namespace workbook::cuda_tensor_cores
