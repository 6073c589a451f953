#pragma once
/// What multi_head_attention should return, and what comes out when somebody has one idea wrong.

#include <bit>
#include <cmath>

#include "heads.h"

namespace workbook::multi_head {

/// q [batch, q_len, width], k and v [batch, kv_len, width].
inline Inputs random_inputs(std::int64_t batch, std::int64_t q_len, std::int64_t kv_len, std::int64_t width,
                            float stddev = 1) {
  return in_three_axes(
      attention_tests::random_inputs({.batch = batch, .q_len = q_len, .kv_len = kv_len, .head_dim = width}, stddev));
}

/// One call's formula; a mistake is the same with something changed.
struct Formula {
  Tensor64 q, k, v;  ///< split into heads
  oracle::Attention options;

  Tensor64 operator()() const { return oracle::merge_heads(oracle::attention(q, k, v, options)); }
};

template <class Split>
Formula formula(const Inputs& in, const LayerConfig& config, Split split) {
  return {split(to_double(in.q), config.heads),
          split(to_double(in.k), config.heads),
          split(to_double(in.v), config.heads),
          {.visible = oracle::visible(config.mask, in.q.dim(1), in.k.dim(1))}};
}

/// The wrong ways to cut channels into heads. Both ways round, two of them agree with themselves.
inline Matches but_not_another_cut(Matches right, const Inputs& in, const LayerConfig& config) {
  const auto with = [in, config](auto split, auto merge) {
    return [=] {
      const Formula f = formula(in, config, split);
      return merge(oracle::attention(f.q, f.k, f.v, f.options));
    };
  };
  return std::move(right)
      .but_not(with(oracle::split_heads, merge_by_shape),
               "the heads' results [heads, q_len, head_dim] were read as [q_len, width] without moving a number")
      .but_not(with(split_by_shape, merge_by_shape),
               "[seq, width] was taken for [heads, seq, head_dim], and back: no number was moved. Head h is channels "
               "h * head_dim to (h + 1) * head_dim of every row")
      .but_not(with(split_by_shape, oracle::merge_heads),
               "q, k and v [seq, width] were read as [heads, seq, head_dim] without moving a number")
      .but_not(with(split_interleaved, merge_interleaved),
               "head h uses channels h, h + heads, h + 2 heads, ...: a head is head_dim neighbours")
      .but_not([=] { return formula(in, {.heads = 1, .mask = config.mask}, oracle::split_heads)(); },
               "this is one head with all channels: every head has weights of its own");
}

/// Matches multi_head_attention(q, k, v, config), and knows the mistakes that people make.
inline Matches attends(const Inputs& in, const LayerConfig& config) {
  const Formula f = formula(in, config, oracle::split_heads);
  const auto with = changes_of(f, &Formula::operator());
  const Tensor64 heads = oracle::attention(f.q, f.k, f.v, f.options);
  const auto tolerance = oracle::attention_rounding(to_float(f.q), to_float(f.k), to_float(f.v), f.options, heads);
  Matches right = but_not_another_cut(matches(oracle::merge_heads(heads), tolerance), in, config)
                      .but_not(with([](Formula& w) { w.q = first_head_only(w.q), w.k = first_head_only(w.k); }),
                               "every head mixes its values with the weights of head 0")
                      .but_not(with([](Formula& w) { w.k = first_batch_only(w.k), w.v = first_batch_only(w.v); }),
                               "every batch reads the keys and values of batch 0");
  const auto padded = static_cast<double>(std::bit_ceil(static_cast<std::uint64_t>(f.q.dim(3))));
  const auto scaled = [with](double scale) { return with([=](Formula& w) { w.options.scale = scale; })(); };
  const auto masked = [with](const oracle::Visible& visible) {
    return with([&](Formula& w) { w.options.visible = visible; })();
  };
  right = but_not_another_scale(std::move(right), f.q.dim(3), config.heads, scaled)
              .but_not([=] { return scaled(1 / std::sqrt(padded)); },
                       "the scores are scaled as if head_dim were the next power of two. Zeros that pad a head add "
                       "nothing to a score: it is still a sum of head_dim terms");
  return but_not_nan(but_not_another_mask(std::move(right), in.q_len(), in.kv_len(), masked));
}

}  // namespace workbook::multi_head
