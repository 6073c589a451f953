#pragma once
/// Calls of lesson 17's functions, what they should return, and how a kernel goes wrong.

#include <fmt/format.h>

#include "common/checker/attention/fixed_sizes.h"
#include "common/checker/attention/flash.h"
#include "common/checker/attention/lanes.h"
#include "common/checker/attention/log_sum_exp.h"
#include "common/checker/student.h"
#include "cuda_flash.h"

namespace workbook::cuda_flash {

using namespace attention_tests;

struct Result {
  Tensor output, lse;
};

/// Calls flash_attention.
inline Result flash(const Inputs& in, Mask mask) {
  Result result{Tensor(in.q.shape()), Tensor({in.q.dim(0), in.q.dim(1), in.q_len()})};
  student<flash_attention>(in.q, in.k, in.v, result.output, result.lse, mask, {});
  return result;
}

/// Whether only channels from `first` on are wrong.
inline bool wrong_from_channel(const Tensor64& got, const Tensor64& expected, std::int64_t first) {
  if (got.shape() != expected.shape()) return false;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(got.values()[i] - expected.values()[i]);
    if (i % got.dim(3) < first && !(error <= 1e-4 * (1 + std::abs(expected.values()[i])))) return false;
  }
  return true;
}

/// The right result, but queries that see no key have the mean over the tiles that their block visits: of the keys
/// there, or of whole tiles, with zeros after the last key.
inline Tensor64 with_means_in_blind_rows(const Inputs& in, bool whole_tiles) {
  Tensor64 result = oracle::attention(in.q, in.k, in.v, formula(in, Mask::causal));
  const std::int64_t shift = in.kv_len() - in.q_len(), n_rep = in.q.dim(1) / in.k.dim(1);
  for (std::int64_t b = 0; b < result.dim(0); ++b)
    for (std::int64_t h = 0; h < result.dim(1); ++h)
      for (std::int64_t i = 0; i < -shift; ++i) {
        const std::int64_t end = std::min<std::int64_t>(i / kTile * kTile + kTile, in.q_len()) + shift;
        const std::int64_t slots = whole_tiles ? (end + kTile - 1) / kTile * kTile : end;
        for (std::int64_t j = 0; j < end; ++j)
          for (std::int64_t d = 0; d < result.dim(3); ++d)
            result.at(b, h, i, d) += double{in.v.at(b, h / n_rep, j, d)} / static_cast<double>(slots);
      }
  return result;
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
  const Tensor64 expected = oracle::attention(in.q, in.k, in.v, formula(in, mask));
  const std::int64_t head_dim = in.q.dim(3), whole = head_dim / 4 * 4;
  Matches result = but_not_lanes_that_disagree(attends_in_tiles(in, {mask, kTile, kTile}), in, mask,
                                               {.lanes = 8,
                                                .lanes_in_words = "eight",
                                                .kv_tile = kTile,
                                                .lane_of_key = [](int key) { return key % 8; },
                                                .lane_of_channel = [](int d) { return d / 4 % 8; }});
  if (mask == Mask::none && in.kv_len() % kTile != 0)
    std::move(result).but_not(
        [in] {
          const Inputs full = with_full_tiles(in);
          return oracle::attention(full.q, full.k, full.v);
        },
        "keys that do not exist take part: a row of zeros in a tile scores 0, and e^0 is 1. Their scores must be -inf");
  if (mask == Mask::causal)
    for (const bool whole_tiles : {false, true})
      std::move(result).but_not([=] { return with_means_in_blind_rows(in, whole_tiles); },
                                "a query that sees no key returns a mean of values, as if its hidden keys all had the "
                                "same weight: with a finite score for hidden keys, exp(score - max) is 1. They score "
                                "-inf, and have weight 0 where all are hidden, too");
  result = but_not_a_fixed_size(std::move(result), in, mask);
  if (whole < head_dim)
    std::move(result).but_if([=](const Tensor64& got) { return wrong_from_channel(got, expected, whole); },
                             fmt::format("only channels from {} on are wrong: what does the last float4 of a row hold, "
                                         "which is there in part, and who stores it?",
                                         whole));
  return result;
}

/// Checks both results of flash_attention.
inline void check_flash(const Result& got, const Inputs& in, Mask mask) {
  CHECK_THAT(got.output, flash_output(in, mask));
  CHECK_THAT(got.lse, has_log_sum_exp(in, mask));
}

/// Calls tile_scores on the first head of the inputs, and checks the scores.
inline void check_scores(const Inputs& in, float scale = 0.7f) {
  const std::int64_t head_dim = in.q.dim(3);
  const Tensor q({in.q_len(), head_dim}, in.q.values()), k({in.kv_len(), head_dim}, in.k.values());
  Tensor scores({in.q_len(), in.kv_len()});
  student<tile_scores>(q, k, scores, scale, {});
  const auto sums = [=](double factor, std::int64_t channels) {
    return [=] {
      Tensor64 result({q.dim(0), k.dim(0)});
      for (std::int64_t i = 0; i < q.dim(0); ++i)
        for (std::int64_t j = 0; j < k.dim(0); ++j)
          for (std::int64_t c = 0; c < channels; ++c)
            result.at(i, j) += factor * double{q.at(i, c)} * double{k.at(j, c)};
      return result;
    };
  };
  const double s = double{scale}, root = std::sqrt(static_cast<double>(head_dim));
  Matches right =
      matches(sums(s, head_dim)(), {2 * oracle::score_rounding(in.q, in.k) * std::max(1., std::abs(s) * root),
                                    kUnitRoundoff, "rounding of head_dim products"})
          .but_not(sums(1, head_dim), "the scores are not scaled")
          .but_not(sums(s * s, head_dim), "the scores are scaled twice")
          .but_not(sums(1 / root, head_dim), "the scores are scaled by 1 / sqrt(head_dim), not by `scale`")
          .but_not(sums(s / root, head_dim), "1 / sqrt(head_dim) was applied, too: `scale` is all there is");
  for (std::int64_t channels = head_dim - 1; channels > 0; --channels)
    if (channels % 32 == 0 || channels == head_dim / 4 * 4)
      std::move(right).but_not(
          sums(s, channels), fmt::format("only the first {} of {} channels take part in a score", channels, head_dim));
  CHECK_THAT(scores, right);
}

/// Keys that the blocks of one head load, if a block with queries [first, last] loads keys_of(first, last) of them.
template <class KeysOf>
std::int64_t keys_of_blocks(const Problem& p, KeysOf keys_of) {
  std::int64_t keys = 0;
  for (std::int64_t first = 0; first < p.q_len; first += kTile)
    keys += keys_of(first, std::min<std::int64_t>(first + kTile, p.q_len) - 1);
  return keys;
}

/// Bytes of so many keys, and of their values, in each head.
inline std::int64_t bytes_of_keys(const Problem& p, std::int64_t keys) {
  return std::int64_t{2} * p.batch * p.heads * keys * p.head_dim * 4;
}

/// Bytes of keys and values that blocks of kTile queries load.
inline std::int64_t expected_kv_bytes(const Problem& p) {
  const std::int64_t kv_len = p.kv_len, shift = kv_len - p.q_len;
  if (p.mask == Mask::none) return bytes_of_keys(p, (std::int64_t{p.q_len} + kTile - 1) / kTile * kv_len);
  return bytes_of_keys(
      p, keys_of_blocks(p, [&](auto, std::int64_t last) { return std::max<std::int64_t>(last + 1 + shift, 0); }));
}

/// Bytes that the whole kernel has to load: the same, and every query once.
inline std::int64_t expected_loads(const Problem& p) {
  return expected_kv_bytes(p) + std::int64_t{4} * p.batch * p.heads * p.q_len * p.head_dim;
}

inline std::string kib(double bytes) { return size_text(static_cast<std::uint64_t>(bytes)); }

}  // namespace workbook::cuda_flash
