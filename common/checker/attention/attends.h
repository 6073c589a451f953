#pragma once
/// What attention should return, whoever computes it, and what comes out when somebody has one idea wrong.

#include "common/checker/attention/inputs.h"

namespace workbook::attention_tests {

/// Mistakes that have nothing to do with tiles: the right formula with one argument changed.
inline Matches but_not_another_formula(Matches right, const Inputs& in, Mask mask) {
  const auto with = [in, mask](auto change) {
    return [in, mask, change] {
      oracle::Attention wrong = formula(in, mask);
      change(wrong);
      return oracle::attention(in.q, in.k, in.v, wrong);
    };
  };
  const auto masked = [with](oracle::Visible visible) { return with([visible](auto& a) { a.visible = visible; }); };
  const std::int64_t shift = in.kv_len() - in.q_len();
  const auto head_dim = static_cast<double>(in.q.dim(3));
  const oracle::HeadMap interleaved = [kv_heads = in.k.dim(1)](std::int64_t h) { return h % kv_heads; };
  return std::move(right)
      .but_not(masked({}), "there is no mask: every query sees every key")
      .but_not(masked([](std::int64_t i, std::int64_t j) { return j <= i; }),
               "the causal mask is aligned at the start. The queries are the last q_len of kv_len positions: query i "
               "sees key j if j <= i + (kv_len - q_len)")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j < i + shift; }),
               "a query does not see the key at its own position: the mask is off by one")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j <= i + shift + 1; }),
               "a query sees the key after its own position: the mask is off by one")
      .but_not(with([](auto& a) { a.mask_after_softmax = true; }),
               "hidden keys have lost their values but still count in the sum: their weights must be 0 before it")
      .but_not(with([](auto& a) { a.scale = 1; }), "the scores are not scaled by 1 / sqrt(head_dim)")
      .but_not(with([=](auto& a) { a.scale = 1 / head_dim; }),
               "the scores are divided by head_dim: its square root is missing")
      .but_not(with([=](auto& a) { a.key_head = a.value_head = interleaved; }),
               "query head h reads KV head h % kv_heads. It is the neighbours that share: h / (heads / kv_heads)")
      .but_not(
          [=] { return with_blind_rows(in, formula(in, mask), false); },
          "a query that sees no key gives NaN: from 0 / 0, or before that from -inf - (-inf), where even the maximum "
          "is -inf. Its row must be zeros")
      .but_not([=] { return with_blind_rows(in, formula(in, mask), true); },
               "a query that sees no key returns the mean of all values: is the mask a large finite number? To a "
               "softmax, all keys are then equally good")
      .but_if(
          [in](const Tensor64& got) {
            return got.size() > 0 && std::ranges::any_of(got.values(), [](double x) { return std::isnan(x); }) &&
                   std::ranges::none_of(in.k.values(), [](float x) { return std::isnan(x); });
          },
          "NaN. Three roads lead there: exp of a score that was not shifted by its maximum overflows; -inf - (-inf), "
          "where "
          "a query has seen no key so far; and 0 / 0, where it sees none at all");
}

/// Matches the attention of these inputs, and knows the mistakes that people make.
inline Matches attends(const Inputs& in, Mask mask) {
  const oracle::Attention right = formula(in, mask);
  const Tensor64 exact = oracle::attention(in.q, in.k, in.v, right);
  return but_not_another_formula(matches(exact, oracle::attention_rounding(in.q, in.k, in.v, right, exact)), in, mask);
}

}  // namespace workbook::attention_tests
