#pragma once
/// What multi_head_attention should return, and what comes out when somebody has one idea wrong.

#include <bit>
#include <cmath>

#include "heads.h"

namespace workbook::multi_head {

/// Arguments of one call, different for every batch and head.
struct Inputs {
  Tensor q, k, v;
};

inline Inputs random_inputs(std::int64_t batch, std::int64_t q_len, std::int64_t kv_len, std::int64_t width,
                            float stddev = 1) {
  return {random_normal({batch, q_len, width}, stddev), random_normal({batch, kv_len, width}, stddev),
          random_normal({batch, kv_len, width})};
}

/// One call's formula; a mistake is the same with something changed.
struct Formula {
  Tensor64 q, k, v;  ///< split into heads
  oracle::Attention options;

  Tensor64 operator()() const { return oracle::merge_heads(oracle::attention(q, k, v, options)); }

  template <class Change>
  auto with(Change change) const {
    return [right = *this, change] {
      Formula wrong = right;
      change(wrong);
      return wrong();
    };
  }
};

template <class Split>
Formula formula(const Inputs& in, const LayerConfig& config, Split split) {
  return {split(to_double(in.q), config.heads),
          split(to_double(in.k), config.heads),
          split(to_double(in.v), config.heads),
          {.visible = oracle::visible(config.mask, in.q.dim(1), in.k.dim(1))}};
}

inline Matches but_not_another_scale(Matches right, const Formula& f, double head_dim, double heads) {
  const auto scaled = [f](double scale) { return f.with([scale](Formula& w) { w.options.scale = scale; }); };
  const double padded = static_cast<double>(std::bit_ceil(static_cast<std::uint64_t>(head_dim)));
  return std::move(right)
      .but_not(scaled(1), "the scores are not scaled")
      .but_not(scaled(1 / head_dim), "the scores are divided by head_dim: its square root is missing")
      .but_not(scaled(1 / std::sqrt(head_dim * heads)),
               "the scores are scaled by 1 / sqrt(width), but each is a dot product of head_dim terms only")
      .but_not(
          scaled(1 / std::sqrt(padded)),
          "the scores are scaled as if head_dim were the next power of two. Zeros that pad a head add nothing to a "
          "score: it is still a sum of head_dim terms");
}

inline Matches but_not_another_mask(Matches right, const Formula& f) {
  const std::int64_t shift = f.k.dim(2) - f.q.dim(2);
  const auto masked = [f](oracle::Visible visible) {
    return f.with([visible](Formula& w) { w.options.visible = visible; });
  };
  return std::move(right)
      .but_not(masked({}), "there is no mask: every query sees every key")
      .but_not(masked([](std::int64_t i, std::int64_t j) { return j <= i; }),
               "query i sees keys 0 to i. When the queries are the last q_len of kv_len positions, query 0 stands at "
               "position kv_len - q_len, and sees all keys up to there")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j < i + shift; }),
               "a query does not see the key at its own position: the mask is off by one")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j <= i + shift + 1; }),
               "a query sees the key after its own position: the mask is off by one")
      .but_if([](const Tensor64& got) { return std::ranges::any_of(got.values(), [](double x) { return x != x; }); },
              "NaN: exp() of a score that is too large, or a row without visible keys divided by its sum 0. Take the "
              "largest visible score off first, and give zeros to a query that sees no key");
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
  const Tensor64 heads = oracle::attention(f.q, f.k, f.v, f.options);
  const auto tolerance = oracle::attention_rounding(to_float(f.q), to_float(f.k), to_float(f.v), f.options, heads);
  auto right = but_not_another_cut(matches(oracle::merge_heads(heads), tolerance), in, config)
                   .but_not(f.with([](Formula& w) { w.q = first_head_only(w.q), w.k = first_head_only(w.k); }),
                            "every head mixes its values with the weights of head 0")
                   .but_not(f.with([](Formula& w) { w.k = first_batch_only(w.k), w.v = first_batch_only(w.v); }),
                            "every batch reads the keys and values of batch 0");
  const auto head_dim = static_cast<double>(f.q.dim(3));
  return but_not_another_mask(but_not_another_scale(std::move(right), f, head_dim, config.heads), f);
}

}  // namespace workbook::multi_head
