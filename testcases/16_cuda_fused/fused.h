#pragma once
/// Calls of lesson 16's functions, what they should return, and how a block goes wrong.

#include <fmt/format.h>

#include "common/checker/attention/attends.h"
#include "common/checker/attention/fixed_sizes.h"
#include "common/checker/student.h"
#include "common/oracle/attention_scores.h"
#include "cuda_fused.h"

namespace workbook::cuda_fused {

using namespace attention_tests;

/// Calls fused_attention.
inline Tensor fused(const Inputs& in, Mask mask) {
  Tensor out(in.q.shape());
  student<fused_attention>(in.q, in.k, in.v, out, mask, {});
  return out;
}

/// Keys that all queries of one head see.
inline std::int64_t pairs(const Problem& p) {
  const std::int64_t kv_len = p.kv_len;
  std::int64_t keys = 0;
  for (std::int64_t i = 0; i < p.q_len; ++i)
    keys += p.mask == Mask::none ? kv_len : std::clamp<std::int64_t>(i + 1 + kv_len - p.q_len, 0, kv_len);
  return keys;
}

/// What fused_attention moves, by the contract.
inline Traffic expected_traffic(const Problem& p) {
  const std::int64_t row = std::int64_t{4} * p.head_dim, rows = std::int64_t{p.batch} * p.heads * p.q_len;
  return {row * (rows + std::int64_t{2} * p.batch * p.heads * pairs(p)), row * rows};
}

/// Bytes of q, k and v.
inline double bytes_of(const Inputs& in) {
  return static_cast<double>(in.q.values().size_bytes() + in.k.values().size_bytes() + in.v.values().size_bytes());
}

/// Threads of a warp do not agree with those of another.
enum class Disagreement {
  maximum_of_a_warp,  ///< each warp goes by the largest of its own scores
  sum_of_a_warp,      ///< each warp divides by the sum of its own weights
};

/// The output if warps disagree like this. Thread t has scores t, t + kThreads, ... and writes channels likewise.
inline Tensor64 disagreeing_warps(const Inputs& in, Mask mask, Disagreement wrong) {
  constexpr std::size_t kWarps = kThreads / 32;
  const Tensor64 scores = oracle::attention_scores(in.q, in.k, formula(in, mask).visible);
  const std::int64_t n_rep = in.q.dim(1) / in.k.dim(1);
  Tensor64 out(in.q.shape());
  for (std::int64_t b = 0; b < in.q.dim(0); ++b)
    for (std::int64_t h = 0; h < in.q.dim(1); ++h)
      for (std::int64_t i = 0; i < in.q_len(); ++i) {
        const auto row = scores.row(b, h, i);
        std::vector<double> max(kWarps, -1e300), sum(kWarps);
        for (std::size_t j = 0; j < row.size(); ++j) max[j / 32 % kWarps] = std::max(max[j / 32 % kWarps], row[j]);
        if (wrong == Disagreement::sum_of_a_warp) max.assign(kWarps, std::ranges::max(max));
        double all = 0;
        for (std::size_t j = 0; j < row.size(); ++j) {
          const std::size_t warp = j / 32 % kWarps;
          const double weight = std::exp(row[j] - max[warp]);
          sum[warp] += weight;
          all += weight;
          const auto values = in.v.row(b, h / n_rep, static_cast<std::int64_t>(j));
          for (std::size_t d = 0; d < values.size(); ++d) out.row(b, h, i)[d] += weight * double{values[d]};
        }
        for (std::size_t d = 0; d < static_cast<std::size_t>(in.q.dim(3)); ++d)
          out.row(b, h, i)[d] /= wrong == Disagreement::sum_of_a_warp ? sum[d / 32 % kWarps] : all;
      }
  return out;
}

/// What the call returns, and what people get wrong.
inline Matches fused_output(const Inputs& in, Mask mask) {
  const oracle::Attention right = formula(in, mask);
  return but_not_another_formula(but_not_a_fixed_size(matches_attention(in, right), in, mask), in, right)
      .but_not(
          [=] { return disagreeing_warps(in, mask, Disagreement::maximum_of_a_warp); },
          "each warp goes by the maximum of its own scores: weights of different warps are then relative to different "
          "numbers. The four maxima must meet in shared memory")
      .but_not([=] { return disagreeing_warps(in, mask, Disagreement::sum_of_a_warp); },
               "each warp divides by the sum of its own weights: the four sums must meet in shared memory");
}

/// A query and keys, or weights and values, of one block.
struct Row {
  Tensor vector, matrix;
};
inline Row random_row(std::int64_t keys, std::int64_t head_dim, bool weights) {
  return {random_normal({weights ? keys : head_dim}), random_normal({keys, head_dim})};
}

/// Sums of vector_x matrix_jx over x, or of vector_j matrix_jx over j, of those that `counts(j, x)`.
template <class Counts>
Tensor64 sums(const Row& row, bool over_keys, double scale, Counts counts) {
  const std::int64_t keys = row.matrix.dim(0), head_dim = row.matrix.dim(1);
  Tensor64 result({over_keys ? head_dim : keys});
  for (std::int64_t j = 0; j < keys; ++j)
    for (std::int64_t x = 0; x < head_dim; ++x)
      if (counts(j, x))
        result.at(over_keys ? x : j) += scale * double{row.vector.at(over_keys ? j : x)} * double{row.matrix.at(j, x)};
  return result;
}

/// Rounding of a sum of n products of normal numbers.
inline Tolerance sum_rounding(std::int64_t n) {
  return {8 * kUnitRoundoff * static_cast<double>(n), 4 * kUnitRoundoff, fmt::format("rounding of {} products", n)};
}

/// Calls query_scores and checks what it returns.
inline void check_scores(const Row& row, float scale) {
  Tensor scores({row.matrix.dim(0)});
  student<query_scores>(row.vector, row.matrix, scores, scale, {});
  const auto with = [=](auto counts, double factor) { return [=] { return sums(row, false, factor, counts); }; };
  const auto all = [](auto, auto) { return true; };
  const double s = double{scale}, usual = 1 / std::sqrt(static_cast<double>(row.matrix.dim(1)));
  Matches right = matches(sums(row, false, s, all), sum_rounding(row.matrix.dim(1)));
  for (std::int64_t n = row.matrix.dim(1) - 1; n >= 64; --n)
    if (n % 32 == 0)
      std::move(right).but_not(with([n](auto, auto x) { return x < n; }, s),
                               fmt::format("only the first {} of {} channels take part", n, row.matrix.dim(1)));
  CHECK_THAT(scores, std::move(right)
                         .but_not(with(all, 1), "the scores are not scaled")
                         .but_not(with(all, s * s), "the scores are scaled twice")
                         .but_not(with(all, usual), "the scores are scaled by 1 / sqrt(head_dim), not by `scale`")
                         .but_not(with(all, s * usual), "1 / sqrt(head_dim) was applied, too: `scale` is all there is")
                         .but_not(with([](auto, auto x) { return x % 8 == 0; }, s),
                                  "this is what one lane of the eight has: their eight parts must be added up")
                         .but_not(with([](auto, auto x) { return x / 4 % 8 == 0; }, s),
                                  "this is what one lane of the eight has: their eight parts must be added up")
                         .but_not(with([](auto, auto x) { return x < 32; }, s), "only the first 32 channels take part")
                         .but_not(with([n = row.matrix.dim(1) / 4 * 4](auto, auto x) { return x < n; }, s),
                                  "the last channels are missing: 4 does not divide head_dim"));
}

/// Calls weighted_values and checks what it returns.
inline void check_values(const Row& row) {
  Tensor out({row.matrix.dim(1)});
  student<weighted_values>(row.vector, row.matrix, out, {});
  const auto with = [=](auto counts) { return [=] { return sums(row, true, 1, counts); }; };
  CHECK_THAT(out, matches(sums(row, true, 1, [](auto, auto) { return true; }), sum_rounding(row.matrix.dim(0)))
                      .but_not(with([](auto j, auto) { return j % (kThreads / 32) == 0; }),
                               "these are the keys of warp 0: the sums of the four warps must be added up")
                      .but_not(with([](auto, auto x) { return x < 32; }),
                               "only the first 32 channels have a sum: a lane has channels l, l + 32, l + 64, ...")
                      .but_not(with([](auto, auto x) { return x < kThreads; }),
                               "only the first 128 channels are written: there are fewer threads than channels"));
}

/// Checks that what the last call loaded came in whole sectors.
inline void check_sectors(double slack, const std::string& who) {
  CHECK_THAT(device(), load_sectors_at_most(slack,
                                            "lanes of a warp read from different places, and of each sector they use "
                                            "only a part. " +
                                                who));
}

inline std::string size(double bytes) { return size_text(static_cast<std::uint64_t>(bytes)); }

}  // namespace workbook::cuda_fused
