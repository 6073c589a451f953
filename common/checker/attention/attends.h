#pragma once
/// What attention should return, whoever computes it, and what comes out when somebody has one idea wrong.

#include "common/checker/attention/inputs.h"
#include "common/checker/attention/suspicions.h"
#include "common/oracle/attention_scores.h"

namespace workbook::attention_tests {

/// Attention with something changed in its formula: a function of the change.
inline auto changes_of_attention(const Inputs& in, const oracle::Attention& right) {
  return changes_of(right, [in](const oracle::Attention& a) { return oracle::attention(in.q, in.k, in.v, a); });
}

/// The right result, but NaN, or the mean of all values, in the rows of queries that see no key.
inline Tensor64 with_blind_rows(const Inputs& in, const oracle::Attention& right, bool mean) {
  Tensor64 result = oracle::attention(in.q, in.k, in.v, right);
  const oracle::Attention flat{.scale = 0};  // every key counts the same
  const Tensor64 means = oracle::attention(in.q, in.k, in.v, flat);
  for (std::int64_t b = 0; b < result.dim(0); ++b)
    for (std::int64_t h = 0; h < result.dim(1); ++h)
      for (std::int64_t i = 0; right.visible && i < in.q_len() - in.kv_len(); ++i)
        for (std::int64_t d = 0; d < result.dim(3); ++d)
          result.at(b, h, i, d) = mean ? means.at(b, h, i, d) : std::nan("");
  return result;
}

/// The right result, but NaN in the rows whose largest score makes exp infinite, or zero, in float.
inline Tensor64 with_overflowing_rows(const Inputs& in, const oracle::Attention& right) {
  const double usual = 1 / std::sqrt(static_cast<double>(in.q.dim(3)));
  const Tensor64 scores = oracle::attention_scores(in.q, in.k, right.visible);
  Tensor64 result = oracle::attention(in.q, in.k, in.v, right);
  for (std::int64_t b = 0; b < result.dim(0); ++b)
    for (std::int64_t h = 0; h < result.dim(1); ++h)
      for (std::int64_t i = 0; i < result.dim(2) && in.kv_len() > 0; ++i) {
        const double largest = std::ranges::max(scores.row(b, h, i)) * right.scale.value_or(usual) / usual;
        const float power = std::exp(static_cast<float>(largest));
        if (std::isinf(power) || power == 0) std::ranges::fill(result.row(b, h, i), std::nan(""));
      }
  return result;
}

/// Knows query heads that read another head, or another sequence, than theirs.
inline Matches but_not_another_head(Matches matcher, const Inputs& in, const oracle::Attention& right) {
  const oracle::HeadMap interleaved = [kv_heads = in.k.dim(1)](std::int64_t h) { return h % kv_heads; };
  const oracle::HeadMap first = [](std::int64_t) { return std::int64_t{0}; };
  const auto with = changes_of_attention(in, right);
  return std::move(matcher)
      .but_not(with([=](auto& a) { a.key_head = a.value_head = interleaved; }),
               "query head h reads KV head h % kv_heads, so heads 0, kv_heads, 2 kv_heads, ... share. It is the "
               "neighbours that share: h / n_rep, where n_rep is heads / kv_heads")
      .but_not(with([=](auto& a) { a.key_head = interleaved; }),
               "the values are of the right head, the keys of head h % kv_heads: both are head h / n_rep")
      .but_not(with([=](auto& a) { a.value_head = interleaved; }),
               "the keys are of the right head, the values of head h % kv_heads: both are head h / n_rep")
      .but_not(with([=](auto& a) { a.key_head = a.value_head = first; }),
               "every query head reads KV head 0: that is right for one KV head only")
      .but_not([=] { return oracle::attention(in.q, first_batch_only(in.k), first_batch_only(in.v), right); },
               "every batch reads the keys and values of batch 0");
}

/// Knows rows whose softmax goes wrong: those of queries that see no key, and those of large scores.
inline Matches but_not_another_row(Matches matcher, const Inputs& in, const oracle::Attention& right) {
  matcher =
      Matches(std::move(matcher))
          .but_not([=] { return with_blind_rows(in, right, false); },
                   "a query that sees no key gives NaN: from 0 / 0, or before that from -inf - (-inf), where even the "
                   "maximum is -inf. Its row must be zeros")
          .but_not([=] { return with_blind_rows(in, right, true); },
                   "a query that sees no key returns the mean of all values: is the mask a large finite number? To a "
                   "softmax, all keys are then equally good")
          .but_not([=] { return with_overflowing_rows(in, right); },
                   "exp overflowed: take the largest score of a row off before exp, nothing else changes. A score "
                   "above 88 overflows, and inf / inf is NaN");
  const bool has_none = std::ranges::none_of(in.k.values(), [](float x) { return std::isnan(x); });
  return has_none ? but_not_nan(std::move(matcher)) : matcher;
}

/// Knows the mistakes that have nothing to do with tiles or states: the right formula with one argument changed.
inline Matches but_not_another_formula(Matches matcher, const Inputs& in, const oracle::Attention& right) {
  const auto with = changes_of_attention(in, right);
  const auto masked = [=](const oracle::Visible& visible) { return with([&](auto& a) { a.visible = visible; })(); };
  const auto scaled = [=](double scale) { return with([=](auto& a) { a.scale = scale; })(); };
  matcher = but_not_another_mask(std::move(matcher), in.q_len(), in.kv_len(), masked)
                .but_not(with([](auto& a) { a.mask_after_softmax = true; }),
                         "the mask comes after the softmax: hidden keys have lost their values but still count in the "
                         "sum, so the weights of a row do not add up to 1");
  matcher = but_not_another_scale(std::move(matcher), in.q.dim(3), in.q.dim(1), scaled);
  return but_not_another_row(but_not_another_head(std::move(matcher), in, right), in, right);
}

/// Matches the attention of these inputs. It knows no mistakes.
inline Matches matches_attention(const Inputs& in, const oracle::Attention& right) {
  const Tensor64 exact = oracle::attention(in.q, in.k, in.v, right);
  return matches(exact, oracle::attention_rounding(in.q, in.k, in.v, right, exact));
}

/// Matches the attention of these inputs, and knows the mistakes that people make.
inline Matches attends(const Inputs& in, const oracle::Attention& right) {
  return but_not_another_formula(matches_attention(in, right), in, right);
}
inline Matches attends(const Inputs& in, Mask mask) { return attends(in, formula(in, mask)); }

}  // namespace workbook::attention_tests
