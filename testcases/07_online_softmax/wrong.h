#pragma once
/// What these functions return when somebody has one idea wrong, and the words for it.

#include "tolerances.h"

namespace workbook::online_softmax {

/// One way to take in a chunk of logits: what becomes of max and sum.
using Step = double (*)(const Part& seen, const Part& chunk, double max);

namespace wrong {

// The sum after a chunk; `chunk` is a part by itself, and max the larger of the two.
inline double past_not_rescaled(const Part& seen, const Part& chunk, double max) {
  return seen.sum + chunk.sum * weight(chunk.max, max);
}
inline double chunk_not_rescaled(const Part& seen, const Part& chunk, double max) {
  return seen.sum * weight(seen.max, max) + chunk.sum;
}
inline double nothing_rescaled(const Part& seen, const Part& chunk, double) { return seen.sum + chunk.sum; }
inline double upside_down(const Part& seen, const Part& chunk, double max) {
  return seen.sum * std::exp(max - seen.max) + chunk.sum * weight(chunk.max, max);
}
inline double both_upside_down(const Part& seen, const Part& chunk, double max) {
  return seen.sum * std::exp(max - seen.max) + chunk.sum * std::exp(max - chunk.max);
}
inline double past_forgotten(const Part&, const Part& chunk, double max) { return chunk.sum * weight(chunk.max, max); }
inline double right(const Part& seen, const Part& chunk, double max) {
  return seen.sum * weight(seen.max, max) + chunk.sum * weight(chunk.max, max);
}

}  // namespace wrong

struct NamedStep {
  Step step;
  const char* sentence;
};

/// The first that fits is told, so the likelier come first.
inline constexpr NamedStep kWrongSteps[] = {
    {wrong::past_not_rescaled,
     "the past (the first part) was not rescaled: its sum counts exp(x - its own maximum), and now there is a larger "
     "one. All of its terms shrink by the same factor, exp(old max - new max)"},
    {wrong::upside_down,
     "the past (the first part) was multiplied by exp(new max - old max), which is above 1: a larger maximum makes the "
     "old terms smaller. exp(x - new) = exp(x - old) exp(old - new)"},
    {wrong::both_upside_down, "the factor is turned around: exp(x - new) = exp(x - old) exp(old - new), at most 1"},
    {wrong::chunk_not_rescaled,
     "the new terms (the second part) were not rescaled: they count exp(x - their own maximum), which need not be the "
     "larger one. Either side may have to shrink"},
    {wrong::nothing_rescaled,
     "the two sums were added as they are, but each counts exp(x - its own maximum): bring both to the common maximum "
     "first"},
    {wrong::past_forgotten, "what was seen before is gone: the new sum holds the last logits only"},
};

inline const std::string kNanFromEmpty =
    "NaN. Nothing but masked keys, or nothing at all, has max -inf, and -inf - (-inf) is NaN. Such a part weighs 0: "
    "where the common maximum is -inf, too, take off something finite instead";

/// Matches the sum of two parts' keys.
inline Matches matches_step(const Part& seen, const Part& chunk, double expected, Tolerance tolerance) {
  Matches result = matches(expected, std::move(tolerance));
  std::move(result)
      .but_if([](const Tensor64& got) { return std::isnan(got.at(0)); }, kNanFromEmpty)
      .but_if(
          [](const Tensor64& got) { return std::isinf(got.at(0)); },
          "overflow: some exponent was positive. No logit is above the new maximum, so x - max is at most 0, and so "
          "is old max - new max");
  for (const NamedStep& mistake : kWrongSteps)
    std::move(result).but_not([=] { return mistake.step(seen, chunk, std::max(seen.max, chunk.max)); },
                              mistake.sentence);
  return result;
}

/// Matches the maximum of two parts.
inline Matches matches_larger(const Part& seen, const Part& chunk) {
  return matches(std::max(seen.max, chunk.max), max_tolerance())
      .but_not([=] { return chunk.max; },
               "max is the largest logit of the second part alone. It must not shrink: the larger of both")
      .but_not([=] { return seen.max; }, "max is that of the first part alone. It must grow: the larger of both");
}

/// One step checked: first the maximum, then the sum.
inline void check_step(const Normalizer& got, const Part& seen, const Part& chunk, std::int64_t n) {
  CHECK_THAT(got.max, matches_larger(seen, chunk));
  const double expected = wrong::right(seen, chunk, std::max(seen.max, chunk.max));
  CHECK_THAT(got.sum, matches_step(seen, chunk, expected, sum_tolerance(n, 1)));
}

/// In double what a Normalizer holds.
inline Part exactly(const Normalizer& n) { return {.max = n.max, .sum = n.sum}; }

/// What merging with an empty part leaves alone.
inline Tolerance same_sum() { return {0, 0, "sum: the empty part adds 0, the other counts exp(0) = 1 times"}; }

}  // namespace workbook::online_softmax
