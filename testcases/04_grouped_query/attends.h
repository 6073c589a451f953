#pragma once
/// What grouped_query_attention should return, and what comes out when somebody has one idea wrong.
///
/// Each mistake is the right formula with one argument changed.

#include <cmath>

#include "rows.h"

namespace workbook::grouped_query {

/// The formula of one call, and the same with something changed.
struct Formula {
  Inputs in;
  oracle::Attention right;

  template <class Change>
  auto with(Change change) const {
    return [*this, change] {
      oracle::Attention wrong = right;
      change(wrong);
      return oracle::attention(in.q, in.k, in.v, wrong);
    };
  }
  auto masked(oracle::Visible visible) const {
    return with([visible](auto& a) { a.visible = visible; });
  }
};

inline Matches but_not_another_head(Matches right, const Formula& f) {
  const oracle::HeadMap interleaved = [kv_heads = f.in.k.dim(1)](std::int64_t h) { return h % kv_heads; };
  const oracle::HeadMap first = [](std::int64_t) { return std::int64_t{0}; };
  return std::move(right)
      .but_not(f.with([=](auto& a) { a.key_head = a.value_head = interleaved; }),
               "query head h reads KV head h % kv_heads, so heads 0, kv_heads, 2 kv_heads, ... share. It is the "
               "neighbours that share: h / n_rep")
      .but_not(f.with([=](auto& a) { a.key_head = interleaved; }),
               "the values are of the right head, the keys of head h % kv_heads: both are head h / n_rep")
      .but_not(f.with([=](auto& a) { a.value_head = interleaved; }),
               "the keys are of the right head, the values of head h % kv_heads: both are head h / n_rep")
      .but_not(f.with([=](auto& a) { a.key_head = a.value_head = first; }),
               "every query head reads KV head 0: that is right for one KV head only")
      .but_not([f] { return oracle::attention(f.in.q, first_batch_only(f.in.k), first_batch_only(f.in.v), f.right); },
               "every batch reads the keys and values of batch 0");
}

inline Matches but_not_another_scale(Matches right, const Formula& f) {
  const auto head_dim = static_cast<double>(f.in.q.dim(3)), width = head_dim * static_cast<double>(f.in.q.dim(1));
  return std::move(right)
      .but_not(f.with([](auto& a) { a.scale = 1; }),
               "the scores are not scaled: their variance grows with head_dim, so the softmax picks one key")
      .but_not(f.with([=](auto& a) { a.scale = 1 / head_dim; }),
               "the scores are divided by head_dim: its square root is missing")
      .but_not(f.with([=](auto& a) { a.scale = 1 / std::sqrt(width); }),
               "the scores are scaled for a dot product over all heads together; each is over one head_dim only")
      .but_not(f.with([](auto& a) { a.scale = std::nullopt; }),
               "options.scale is ignored: 1 / sqrt(head_dim) is only for when none is given");
}

inline Matches but_not_another_mask(Matches right, const Formula& f) {
  const std::int64_t shift = f.in.k.dim(2) - f.in.q.dim(2);
  return std::move(right)
      .but_not(f.masked({}), "there is no mask: every query sees every key")
      .but_not(f.with([](auto& a) { a.mask_after_softmax = true; }),
               "the mask comes after the softmax: the hidden keys have lost their values but still have their share of "
               "the denominator, so the weights of a row do not sum to 1")
      .but_not(f.masked([](std::int64_t i, std::int64_t j) { return j <= i; }),
               "query i sees keys 0 to i. When the queries are the last q_len of kv_len positions, query 0 is at "
               "position kv_len - q_len, and sees all keys up to there")
      .but_not(f.masked([=](std::int64_t i, std::int64_t j) { return j < i + shift; }),
               "a query does not see the key at its own position: the mask is off by one")
      .but_not(f.masked([=](std::int64_t i, std::int64_t j) { return j <= i + shift + 1; }),
               "a query sees the key after its own position: the mask is off by one");
}

inline Matches but_not_special_rows(Matches right, const Formula& f) {
  return std::move(right)
      .but_not([f] { return with_blind_rows(f.in, f.right, not_a_number); },
               "a query that sees no key has a softmax of 0 / 0: its row must be zeros")
      .but_not([f] { return with_blind_rows(f.in, f.right, mean_value); },
               "a query that sees no key returns the mean of all values: is the mask a large finite number? All keys "
               "are then equally bad, and the softmax does not know that none is allowed")
      .but_not([f] { return with_overflowing_rows(f.in, f.right); },
               "exp overflowed: take the largest score of a row off before exp, nothing else changes");
}

/// Matches grouped_query_attention(q, k, v, options), and knows the mistakes that people make.
inline Matches attends(const Inputs& in, const AttentionOptions& options) {
  const Formula f{in, {.visible = oracle::visible(options.mask, in.q.dim(2), in.k.dim(2)), .scale = options.scale}};
  const Tensor64 exact = oracle::attention(in.q, in.k, in.v, f.right);
  Matches right = matches(exact, oracle::attention_rounding(in.q, in.k, in.v, f.right, exact));
  right = but_not_another_head(std::move(right), f);
  right = but_not_another_scale(std::move(right), f);
  right = but_not_another_mask(std::move(right), f);
  return but_not_special_rows(std::move(right), f);
}

/// Matches a call that refuses query heads which cannot share KV heads evenly.
inline Refused refuses_to_share(int heads, int kv_heads) {
  return is_refused(
      std::to_string(heads) + " query heads cannot share " + std::to_string(kv_heads) + " KV heads evenly", heads,
      kv_heads);
}

}  // namespace workbook::grouped_query
