#pragma once
/// Parts of attention checked, with the mistakes that people make.

#include "wrong.h"

namespace workbook::online_softmax {

namespace wrong {

/// a + factor b
inline void add(Tensor64& a, double factor, const Tensor64& b) {
  for (std::int64_t d = 0; d < a.size(); ++d) a.values()[d] += factor * b.values()[d];
}

/// Weighted sums brought together with these factors.
inline Tensor64 combined(const Part& a, double of_a, const Part& b, double of_b) {
  Tensor64 result(a.weighted.shape());
  add(result, of_a, a.weighted);
  add(result, of_b, b.weighted);
  return result;
}

}  // namespace wrong

/// Checks the part that holds keys [first, first + count).
inline void check_attended(const PartialAttention& got, const Row& row, std::int64_t first, std::int64_t count) {
  const Part part = attended(row, first, count);
  const auto unscaled = [=] { return attended(row, first, count, 1); };
  const std::string from_zero = "these are the first `count` keys: the part begins at key `first`";
  const std::string not_scaled = "the logits are not scaled by 1 / sqrt(head_dim)";
  CHECK_THAT(got.max, matches_max(part, row)
                          .but_not([=] { return unscaled().max; }, not_scaled)
                          .but_not([=] { return attended(row, 0, count).max; }, from_zero)
                          .but_not([=] { return attended(row, 0, row.kv_len()).max; }, "max is taken over all keys")
                          .but_not([] { return 0.0; },
                                   "max is still 0: it starts at -inf, and not every row has a "
                                   "logit above 0"));
  CHECK_THAT(got.sum, matches_sum(part, row, count, 0)
                          .but_not([=] { return part.sum * std::exp(part.max); },
                                   "max was not taken off before exp: the sum is in units of exp(0)")
                          .but_not([=] { return attended(row, 0, count).sum; }, from_zero)
                          .but_not([] { return 1.0; },
                                   "the weights were divided by their sum. A part keeps the sum itself: without it, "
                                   "nobody can merge it with another"));
  Row shifted = row;
  for (std::int64_t j = first; j < first + count; ++j)
    for (std::int64_t d = 0; d < row.head_dim(); ++d) shifted.v.at(j, d) = row.v.at(j - first, d);
  CHECK_THAT(got.weighted, matches_weighted(part, row, count, 0)
                               .but_not([=] { return finished(part); },
                                        "divided by the sum already. A part keeps sums, which can be rescaled and "
                                        "added; the division comes once, when no more keys do")
                               .but_not([=] { return attended(shifted, first, count).weighted; },
                                        "the keys are right, the values are the first ones: they begin at `first`, too")
                               .but_not([=] { return attended(row, 0, count).weighted; }, from_zero)
                               .but_not([=] { return wrong::combined(part, std::exp(part.max), part, 0); },
                                        "max was not taken off before exp"));
}

/// Checks the part of a's and b's keys, which are keys [first, first + count) of the row.
inline void check_merged(const PartialAttention& got, const Part& a, const Part& b, const Row& row, std::int64_t first,
                         std::int64_t count) {
  const Part whole = attended(row, first, count);
  CHECK_THAT(got.max, matches_max(whole, row)
                          .but_not([=] { return b.max; }, "max is that of the second part alone")
                          .but_not([=] { return a.max; }, "max is that of the first part alone"));
  CHECK_THAT(got.sum, matches_step(a, b, whole.sum, {0, weight_error(row, count, 1), "sum: rounding of the logits"}));
  const double max = std::max(a.max, b.max), of_a = weight(a.max, max), of_b = weight(b.max, max);
  CHECK_THAT(got.weighted,
             matches_weighted(whole, row, count, 1)
                 .but_not([=] { return wrong::combined(a, 1, b, 1); },
                          "the sum was rescaled and the weighted values were not: both count exp(x - max), and shrink "
                          "together")
                 .but_not([=] { return wrong::combined(a, 1, b, of_b); },
                          "the first part's weighted values were not rescaled: they shrink as its sum does")
                 .but_not([=] { return wrong::combined(a, of_a, b, 1); },
                          "the second part's weighted values were not rescaled: they shrink as its sum does")
                 .but_not([=] { return wrong::combined(a, of_b, b, of_a); }, "the two factors are swapped")
                 .but_not([=] { return finished(whole); },
                          "divided by the sum already: a merged part is a part, and may be merged again"));
}

}  // namespace workbook::online_softmax
