#pragma once
/// Calls of lesson 17's functions, what they should return, and how a kernel goes wrong.

#include <fmt/format.h>

#include "common/checker/attention/flash.h"
#include "common/checker/attention/log_sum_exp.h"
#include "common/checker/student.h"
#include "lanes.h"

namespace workbook::cuda_flash {

struct Result {
  Tensor output, lse;
};

/// Calls flash_attention.
inline Result flash(const Inputs& in, Mask mask) {
  Result result{Tensor(in.q.shape()), Tensor({in.q.dim(0), in.q.dim(1), in.q_len()})};
  student<flash_attention>(in.q, in.k, in.v, result.output, result.lse, mask, {});
  return result;
}

/// The right result, with all channels from `first` on taken from somewhere else.
inline bool right_up_to_channel(const Tensor64& got, const Tensor64& expected, std::int64_t first) {
  if (got.shape() != expected.shape()) return false;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(got.values()[i] - expected.values()[i]);
    if (i % got.dim(3) < first && !(error <= 1e-4 * (1 + std::abs(expected.values()[i])))) return false;
  }
  return true;
}

/// Keys and values of zeros behind the last ones, as a tile that is always full has them.
inline Inputs with_full_tiles(const Inputs& in) {
  const std::int64_t kv_len = (in.kv_len() + kTile - 1) / kTile * kTile;
  const auto padded = [&](const Tensor& x) {
    Tensor result({x.dim(0), x.dim(1), kv_len, x.dim(3)});
    for (std::int64_t b = 0; b < x.dim(0); ++b)
      for (std::int64_t h = 0; h < x.dim(1); ++h)
        for (std::int64_t j = 0; j < x.dim(2); ++j) std::ranges::copy(x.row(b, h, j), result.row(b, h, j).begin());
    return result;
  };
  return {in.q, padded(in.k), padded(in.v)};
}

inline Matches flash_output(const Inputs& in, Mask mask) {
  const auto lanes = [in, mask](Disagreement wrong) {
    return [in, mask, wrong] { return lane_walk(in, mask, wrong); };
  };
  const Tensor64 expected = oracle::attention(in.q, in.k, in.v, formula(in, mask));
  const std::int64_t head_dim = in.q.dim(3), whole = head_dim / 4 * 4;
  Matches result =
      attends_in_tiles(in, {mask, kTile, kTile})
          .but_not(
              lanes(Disagreement::maximum_not_shared),
              "each lane goes by the maximum of its own four keys: the eight lanes of a query must agree on one, or "
              "their weights and sums are relative to different numbers")
          .but_not(
              lanes(Disagreement::maximum_of_lane_0),
              "only lane 0 of the eight has the maximum of all: __shfl_down_sync gives the result to the first lane. "
              "Every lane needs it: __shfl_xor_sync gives it to all")
          .but_not(lanes(Disagreement::sum_not_shared),
                   "each lane divides by the sum over its own keys, an eighth of them: add up the eight sums first")
          .but_not(
              lanes(Disagreement::sum_counted_again),
              "the lanes' sums were added up after every tile, in each of the eight lanes, and then again: the past "
              "counts eightfold. Add them up once, behind the last tile");
  if (mask == Mask::none && in.kv_len() % kTile != 0)
    std::move(result).but_not(
        [in] {
          const Inputs full = with_full_tiles(in);
          return oracle::attention(full.q, full.k, full.v);
        },
        "keys that do not exist take part: a row of zeros in a tile scores 0, and e^0 is 1. Their scores must be -inf");
  if (whole < head_dim)
    std::move(result).but_if(
        [=](const Tensor64& got) { return right_up_to_channel(got, expected, whole); },
        "the last channels of every row are wrong: 4 does not divide head_dim, so the last float4 of "
        "a row is there in part");
  return result;
}

/// Checks both results of flash_attention.
inline void check_flash(const Result& got, const Inputs& in, Mask mask) {
  CHECK_THAT(got.output, flash_output(in, mask));
  CHECK_THAT(got.lse, has_log_sum_exp(in, mask));
}

/// Calls tile_scores on the first head of the inputs, and checks the scores.
inline void check_scores(const Inputs& in) {
  const Tensor q({in.q_len(), in.q.dim(3)}, in.q.values()), k({in.kv_len(), in.q.dim(3)}, in.k.values());
  const Tensor64 four = oracle::attention_scores(in.q, in.k);
  const Tensor64 expected({in.q_len(), in.kv_len()}, four.values());
  const double head_dim = static_cast<double>(in.q.dim(3)), scale = 1 / std::sqrt(head_dim);
  Tensor scores(expected.shape());
  student<tile_scores>(q, k, scores, static_cast<float>(scale), {});
  const auto changed = [expected](double factor) {
    return [=] {
      Tensor64 wrong = expected;
      for (double& x : wrong.values()) x *= factor;
      return wrong;
    };
  };
  CHECK_THAT(scores,
             matches(expected, {2 * oracle::score_rounding(in.q, in.k), kUnitRoundoff, "rounding of head_dim products"})
                 .but_not(changed(1 / scale), "the scores are not scaled")
                 .but_not(changed(scale), "the scores are scaled twice"));
}

/// Bytes of keys and values that blocks of kTile queries load.
inline std::int64_t expected_kv_bytes(const Problem& p) {
  std::int64_t keys = 0;
  for (int first = 0; first < p.q_len; first += kTile)
    for (int j = 0; j < p.kv_len; ++j)
      keys += p.mask == Mask::none || j < std::min(first + kTile, p.q_len) + p.kv_len - p.q_len;
  return std::int64_t{2 * p.batch * p.heads} * keys * p.head_dim * 4;
}

/// Bytes that the whole kernel has to load: the same, and every query once.
inline std::int64_t expected_loads(const Problem& p) {
  return expected_kv_bytes(p) + std::int64_t{4} * p.batch * p.heads * p.q_len * p.head_dim;
}

inline std::string kib(double bytes) { return size_text(static_cast<std::uint64_t>(bytes)); }

}  // namespace workbook::cuda_flash
