#pragma once
/// Parts of attention checked, with the mistakes that people make.

#include <memory>

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

/// Knows results whose last channels are zeros.
inline Matches but_not_all_channels(Matches right, const Tensor64& exact) {
  const std::int64_t dim = exact.size();
  std::vector<std::int64_t> ends{16, 32, 64, 100, 128, 160};
  for (const std::int64_t width : {2, 4, 8, 16, 32}) ends.push_back(dim / width * width);
  std::erase(ends, 0);
  for (const std::int64_t end : ends)
    std::move(right).but_not(
        [=] {
          Tensor64 cut = exact;
          for (std::int64_t d = end; d < dim; ++d) cut.values()[d] = 0;
          return cut;
        },
        "channels from " + std::to_string(end) + " on are zeros: there are " + std::to_string(dim) + " of them");
  return right;
}

/// A row whose channels, or whose part's keys, are cut off after some: what a scratch of fixed size computes.
inline Row without_channels_from(Row row, std::int64_t channels, bool of_values) {
  Tensor& x = of_values ? row.v : row.k;
  for (std::int64_t j = 0; j < x.dim(0); ++j)
    for (std::int64_t d = channels; d < x.dim(1); ++d) x.at(j, d) = 0;
  return row;
}

/// Wrong ways to attend to keys [first, first + count), each a part; they show in max, in sum, or in weighted.
struct WrongPart {
  std::function<Part()> part;
  std::string sentence;
};

inline std::vector<WrongPart> wrong_parts(const Row& of, std::int64_t first, std::int64_t count) {
  const auto row = std::make_shared<const Row>(of);
  const auto head_dim = static_cast<double>(of.head_dim());
  const auto with = [=](const Habits& habits) { return [=] { return attended(*row, first, count, habits); }; };
  const auto keys = [=](std::int64_t begin, std::int64_t n) { return [=] { return attended(*row, begin, n); }; };
  std::vector<WrongPart> wrong{
      {with({.scale = 1}), "the logits, or their maximum alone, are not scaled by 1 / sqrt(head_dim)"},
      {with({.scale = 1 / std::sqrt(static_cast<double>(std::max<std::int64_t>(count, 1)))}),
       "the logits are scaled by 1 / sqrt(count), not by 1 / sqrt(head_dim)"},
      {with({.scale = 1 / head_dim}), "the logits are divided by head_dim: by its square root, and once"},
      {with({.base_two = true}), "powers of 2, from exp2: each key counts exp(x - max), a power of e"},
      {keys(0, count), "these are the first `count` keys: the part begins at key `first`"},
      {keys(0, of.kv_len()), "all keys of the row are in it: the part has `count` of them"}};
  for (const std::int64_t size : {16, 32, 64, 100, 128, 256, 512, 1000, 1024})
    if (size < count)
      wrong.push_back({keys(first, size), "only the first " + std::to_string(size) + " keys are in it"});
  for (const std::int64_t channels : {16, 32, 64, 100, 128, 160})
    for (const bool of_values : {false, true})
      if (channels < of.head_dim())
        wrong.push_back({[=] { return attended(without_channels_from(*row, channels, of_values), first, count); },
                         "only the first " + std::to_string(channels) + " channels of the " +
                             (of_values ? "values" : "queries and keys") + " are in it"});
  for (const double reach : {10, 15, 20, 30, 40, 50, 60, 80})
    wrong.push_back({with({.reach = reach}),
                     "a key far below the maximum was left out. Its weight is small, but its value may be large"});
  wrong.push_back({[=] {
                     Row shifted = *row;
                     for (std::int64_t j = first; j < first + count; ++j)
                       for (std::int64_t d = 0; d < row->head_dim(); ++d) shifted.v.at(j, d) = row->v.at(j - first, d);
                     return attended(shifted, first, count);
                   },
                   "the keys are right, the values are the first ones: they begin at `first`, too"});
  return wrong;
}

/// Checks the part that holds keys [first, first + count).
inline void check_attended(const PartialAttention& got, const Row& row, std::int64_t first, std::int64_t count) {
  const Part part = attended(row, first, count);
  Matches max = matches_max(part, row), sum = matches_sum(part, row, count, 0);
  Matches weighted = matches_weighted(part, row, count, 0);
  for (const double start : kSentinels)
    if (start > part.max) std::move(max).but_not([=] { return double{static_cast<float>(start)}; }, kFiniteMaximum);
  std::move(max).but_not([=] { return part.max + std::log(part.sum); },
                         "this is the log-sum-exp, max + log(sum). A part keeps max and sum one by one");
  std::move(sum)
      .but_not([=] { return part.sum * std::exp(part.max); },
               "max was not taken off before exp: the sum is in units of exp(0)")
      .but_not([] { return 1.0; },
               "the weights were divided by their sum. A part keeps the sum itself: without it, nobody can merge "
               "it with another");
  std::move(weighted)
      .but_not([=] { return finished(part); },
               "divided by the sum already. A part keeps sums, which can be rescaled and added; the division "
               "comes once, when no more keys do")
      .but_not([=] { return wrong::combined(part, std::exp(part.max), part, 0); }, "max was not taken off before exp");
  for (const WrongPart& wrong : wrong_parts(row, first, count)) {
    std::move(max).but_not([=] { return wrong.part().max; }, wrong.sentence);
    std::move(sum).but_not([=] { return wrong.part().sum; }, wrong.sentence);
    std::move(weighted).but_not([=] { return wrong.part().weighted; }, wrong.sentence);
  }
  REQUIRE_THAT(got.max, max);
  REQUIRE_THAT(got.sum, sum);
  CHECK_THAT(got.weighted, weighted);
}

/// Checks the part of a's and b's keys, which are keys [first, first + count) of the row.
inline void check_merged(const PartialAttention& got, const Part& a, const Part& b, const Row& row, std::int64_t first,
                         std::int64_t count) {
  const Part whole = attended(row, first, count);
  REQUIRE_THAT(got.max, matches_max(whole, row)
                            .but_not([=] { return b.max; }, "max is that of the second part alone")
                            .but_not([=] { return a.max; }, "max is that of the first part alone"));
  REQUIRE_THAT(got.sum, matches_step(a, b, whole.sum, {0, weight_error(row, count, 1), "sum: rounding of the logits"}));
  const double max = std::max(a.max, b.max), of_a = weight(a.max, max), of_b = weight(b.max, max);
  CHECK_THAT(got.weighted,
             but_not_all_channels(matches_weighted(whole, row, count, 1), whole.weighted)
                 .but_not([=] { return wrong::combined(a, 1, b, 1); },
                          "weighted values were added as they are, although the sums were rescaled: both count "
                          "exp(x - max), and shrink together, on either side")
                 .but_not([=] { return wrong::combined(a, 1, b, of_b); },
                          "the first part's weighted values were not rescaled: they shrink as its sum does")
                 .but_not([=] { return wrong::combined(a, of_a, b, 1); },
                          "the second part's weighted values were not rescaled: they shrink as its sum does")
                 .but_not([=] { return wrong::combined(a, std::exp2(a.max - max), b, std::exp2(b.max - max)); },
                          "the weighted values were rescaled by powers of 2, from exp2: the factor is a power of e")
                 .but_not([=] { return wrong::combined(a, of_a, b, 0); }, "the second part's values are missing")
                 .but_not([=] { return wrong::combined(a, 0, b, of_b); }, "the first part's values are missing")
                 .but_not([=] { return wrong::combined(a, of_b, b, of_a); }, "the two factors are swapped")
                 .but_not([=] { return finished(whole); },
                          "divided by the sum already: a merged part is a part, and may be merged again"));
}

}  // namespace workbook::online_softmax
