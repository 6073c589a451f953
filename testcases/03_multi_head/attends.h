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

/// The same of whole numbers, whose scores are large and exact if head_dim is 4, 16 or 64.
inline Inputs large_inputs(std::int64_t batch, std::int64_t q_len, std::int64_t kv_len, std::int64_t width,
                           float stddev = 20) {
  const Inputs in = random_inputs(batch, q_len, kv_len, width, stddev);
  return {whole_numbers(in.q), whole_numbers(in.k), in.v};
}

/// Inputs in which a query has one score with all keys, those of kScoresOfAllSizes in turn. @pre head_dim is 4 or 16
inline Inputs inputs_of_equal_scores(std::int64_t batch, std::int64_t len, std::int64_t heads, std::int64_t head_dim) {
  const Inputs in = attention_tests::inputs_of_equal_scores(
      {.batch = batch, .heads = heads, .q_len = len, .kv_len = len, .head_dim = head_dim}, kScoresOfAllSizes);
  const auto merged = [](const Tensor& x) { return to_float(oracle::merge_heads(to_double(x))); };
  return {merged(in.q), merged(in.k), merged(in.v)};
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

/// Matches multi_head_attention(q, k, v, config). It knows no mistakes.
inline Matches matches_heads(const Inputs& in, const LayerConfig& config) {
  const Formula f = formula(in, config, oracle::split_heads);
  const Tensor64 heads = oracle::attention(f.q, f.k, f.v, f.options);
  return matches(oracle::merge_heads(heads),
                 oracle::attention_rounding(to_float(f.q), to_float(f.k), to_float(f.v), f.options, heads));
}

/// Knows what may survive a call with other inputs of the same shapes.
inline Matches attends_after(const Inputs& earlier, const LayerConfig& old, const Inputs& in,
                             const LayerConfig& config) {
  return but_not_of_an_earlier_call(
             matches_heads(in, config), in, earlier,
             [config](const Inputs& mixed) { return formula(mixed, config, oracle::split_heads)(); })
      .but_not([=] { return formula(earlier, old, oracle::split_heads)(); }, "this is the result of the call before")
      .but_not(
          [=] {
            Formula f = formula(in, config, oracle::split_heads);
            f.options.scale = std::sqrt(static_cast<double>(old.heads) / static_cast<double>(in.q.dim(2)));
            return f();
          },
          "the scale is that of the call before")
      .but_not([=] { return formula(in, old, oracle::split_heads)(); }, "heads and mask are those of the call before");
}

/// Knows the mistakes that people make.
inline Matches but_not_another_idea(Matches matcher, const Inputs& in, const LayerConfig& config) {
  const Formula f = formula(in, config, oracle::split_heads);
  const auto with = changes_of(f, &Formula::operator());
  Matches right =
      but_not_another_cut(std::move(matcher), in, config)
          .but_not(with([](Formula& w) { w.q = first_head_only(w.q), w.k = first_head_only(w.k); }),
                   "every head mixes its values with the weights of head 0")
          .but_not(with([](Formula& w) { w.k = first_batch_only(w.k), w.v = first_batch_only(w.v); }),
                   "every batch reads the keys and values of batch 0")
          .but_not(with([](Formula& w) { w.k = first_batch_only(w.k); }), "every batch reads the keys of batch 0")
          .but_not(with([](Formula& w) { w.v = first_batch_only(w.v); }), "every batch reads the values of batch 0");
  const auto padded = static_cast<double>(std::bit_ceil(static_cast<std::uint64_t>(f.q.dim(3))));
  const auto scaled = [with](double scale) { return with([=](Formula& w) { w.options.scale = scale; })(); };
  const auto masked = [with](const oracle::Visible& visible) {
    return with([&](Formula& w) { w.options.visible = visible; })();
  };
  right = but_not_another_scale(std::move(right), {}, f.q.dim(3), config.heads, scaled)
              .but_not([=] { return scaled(1 / std::sqrt(padded)); },
                       "the scores are scaled as if head_dim were the next power of two. Zeros that pad a head add "
                       "nothing to a score: it is still a sum of head_dim terms");
  const WithSlip slips = [f](const RowSlip& slip) {
    return oracle::merge_heads(row_walk(f.q, f.k, f.v, f.options, slip));
  };
  right =
      but_not_another_mask(std::move(right), config.mask, in.q_len(), in.kv_len(), masked)
          .but_not(with([](Formula& w) { w.options.mask_after_softmax = true; }),
                   "the mask comes after the softmax: hidden keys have lost their values but still count in the "
                   "sum, so the weights of a row do not add up to 1")
          .but_not(with([](Formula& w) { w.q = first_batch_only(w.q); }), "every batch reads the queries of batch 0");
  const double root = 1 / std::sqrt(static_cast<double>(f.q.dim(3)));
  right = but_not_another_base(but_not_another_row(std::move(right), slips), root, f.q.dim(3), in.q_len(), in.kv_len(),
                               scaled);
  right = but_not_another_walk(std::move(right), slips);
  if (in.q.size() * in.kv_len() <= kAffordable)
    right = but_not_cut_off(but_not_a_sentinel(std::move(right), slips), in.q_len(), in.kv_len(), f.q.dim(3), slips);
  return but_not_nan(std::move(right));
}

/// Matches multi_head_attention(q, k, v, config), and knows the mistakes that people make.
inline Matches attends(const Inputs& in, const LayerConfig& config) {
  return matches_heads(in, config).knowing([in, config](Matches matcher) {
    return but_not_another_idea(std::move(matcher), in, config);
  });
}

}  // namespace workbook::multi_head
