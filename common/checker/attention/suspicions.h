#pragma once
/// What attention is mistaken for, whatever form it takes. Each function adds mistakes that people make to a matcher,
/// and the words for them. The first that fits is told: add what is special to a lesson before.
///
///     but_not_another_mask(matches(right, tolerance), q_len, kv_len,
///                          [=](const oracle::Visible& visible) { return my_attention(in, visible); })

#include <cmath>
#include <functional>

#include "common/checker/matchers.h"
#include "common/oracle/attention.h"

namespace workbook::attention_tests {

/// Computes the result under another mask; an empty one hides nothing.
using WithMask = std::function<Tensor64(const oracle::Visible& visible)>;
/// Computes the result with another factor on q k^T.
using WithScale = std::function<Tensor64(double scale)>;

/// Knows causal masks that are missing, aligned at the start, or off by one.
inline Matches but_not_another_mask(Matches right, std::int64_t q_len, std::int64_t kv_len, const WithMask& make) {
  const std::int64_t shift = kv_len - q_len;
  const auto masked = [make](const oracle::Visible& visible) { return [make, visible] { return make(visible); }; };
  return std::move(right)
      .but_not(masked({}), "there is no mask: every query sees every key")
      .but_not(masked([](std::int64_t i, std::int64_t j) { return j <= i; }),
               "the causal mask is aligned at the start: query i sees keys 0 to i. The queries are the last q_len of "
               "kv_len positions: query 0 stands at position kv_len - q_len, and query i sees key j if j <= i + "
               "(kv_len - q_len)")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j < i + shift; }),
               "a query does not see the key at its own position: the mask is off by one")
      .but_not(masked([=](std::int64_t i, std::int64_t j) { return j <= i + shift + 1; }),
               "a query sees the key after its own position: the mask is off by one");
}

/// Knows scales other than the given one, or than 1 / sqrt(head_dim) if none is given.
inline Matches but_not_another_scale(Matches right, std::int64_t head_dim, std::int64_t heads, const WithScale& make) {
  const auto terms = static_cast<double>(head_dim), width = terms * static_cast<double>(heads);
  const auto scaled = [make](double scale) { return [make, scale] { return make(scale); }; };
  return std::move(right)
      .but_not(scaled(1),
               "the scores are not scaled by 1 / sqrt(head_dim): their variance grows with head_dim, so the softmax "
               "picks one key")
      .but_not(scaled(1 / terms), "the scores are divided by head_dim: its square root is missing")
      .but_not(scaled(1 / std::sqrt(width)),
               "the scores are scaled for a dot product over all heads together, by 1 / sqrt(width), but each is a dot "
               "product of head_dim terms only")
      .but_not(scaled(1 / std::sqrt(terms)),
               "the given scale is ignored: 1 / sqrt(head_dim) is only for when none is given");
}

/// Knows results that are NaN. @pre nothing that a query sees is NaN
inline Matches but_not_nan(Matches right) {
  return std::move(right).but_if(has_nan,
                                 "NaN: exp() of a score that was not shifted by its row's maximum overflows. Or a "
                                 "query has seen no key, so far or "
                                 "at all: then -inf - (-inf) is NaN, and so is 0 / 0. Its row must be zeros");
}

}  // namespace workbook::attention_tests
