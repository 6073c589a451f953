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
inline double base_two(const Part& seen, const Part& chunk, double max) {
  return seen.sum * std::exp2(seen.max - max) + chunk.base_two * std::exp2(chunk.max - max);
}
inline double past_alone(const Part& seen, const Part&, double max) { return seen.sum * weight(seen.max, max); }
inline double nothing(const Part&, const Part&, double) { return 0; }
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
    {wrong::base_two, "powers of 2, from exp2: the sum is one of powers of e, std::exp"},
    {wrong::nothing,
     "the sum is 0, as of no keys at all: neither the past nor the new keys count in it. Only a logit of -inf counts "
     "nothing"},
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
    {wrong::past_alone,
     "the new keys are missing from the sum. Those below the maximum count as well, each with exp(x - max)"},
};

inline const std::string kNanFromEmpty =
    "NaN from a part without visible keys. Its max is -inf, and -inf - (-inf) is NaN; so is its sum, 0, times "
    "exp(+inf). Such a part weighs 0: where the common maximum is -inf, too, take off something finite instead";

/// Finite numbers that stand for "no maximum yet" in many programs.
inline constexpr double kSentinels[] = {0,    0x1p-126, -1e2,  -1e3,  -1e4,  -1e5,  -1e6,  -1e7,
                                        -1e8, -1e9,     -1e10, -1e20, -1e30, -1e38, -3e38, -0x1.fffffep127};

inline const std::string kFiniteMaximum =
    "max is a number that is no logit of these keys: does a maximum start there? The maximum of no keys is -inf, and "
    "every logit is above it";

/// Matches the sum of two parts' keys.
inline Matches matches_step(const Part& seen, const Part& chunk, double expected, Tolerance tolerance) {
  Matches result = matches(expected, std::move(tolerance));
  if (seen.max == -kInfinity || chunk.max == -kInfinity)
    std::move(result).but_not([] { return std::nan(""); }, kNanFromEmpty);
  for (const NamedStep& mistake : kWrongSteps)
    std::move(result).but_not([=] { return mistake.step(seen, chunk, std::max(seen.max, chunk.max)); },
                              mistake.sentence);
  std::move(result).but_not([] { return kInfinity; },
                            "overflow: some exponent was positive. No logit is above the new maximum, so x - max is at "
                            "most 0, and so is old max - new max");
  return result;
}

/// Matches the maximum of two parts.
inline Matches matches_larger(const Part& seen, const Part& chunk) {
  const double larger = std::max(seen.max, chunk.max);
  Matches result = matches(larger, max_tolerance());
  if (chunk.max > -kInfinity)
    std::move(result).but_not([=] { return chunk.max; },
                              "max is the largest logit of the second part alone. It must not shrink: the larger of "
                              "both");
  if (seen.max > -kInfinity)
    std::move(result).but_not([=] { return seen.max; },
                              "max is that of the first part alone. It must grow: the larger of both");
  std::move(result)
      .but_not([] { return -kInfinity; },
               "max is -inf, as if there were no keys. A part without keys changes nothing: the larger maximum of both")
      .but_not([] { return std::nan(""); }, "max is NaN: it is one of the logits, or -inf if there are none");
  for (const double start : kSentinels)
    std::move(result).but_not([=] { return std::max(larger, double{static_cast<float>(start)}); }, kFiniteMaximum);
  return result;
}

/// One step checked: first the maximum, then the sum. The test ends at the first that is wrong, because what follows is
/// built on it.
inline void check_step(const Normalizer& got, const Part& seen, const Part& chunk, std::int64_t n) {
  REQUIRE_THAT(got.max, matches_larger(seen, chunk));
  const double expected = wrong::right(seen, chunk, std::max(seen.max, chunk.max));
  REQUIRE_THAT(got.sum, matches_step(seen, chunk, expected, sum_tolerance(n, 1)));
}

/// A chunk of logits taken in by `extend`, key by key or some of them, as people do it.
inline Matches but_not_another_chunk(Matches right, const Normalizer& seen, Logits logits) {
  const std::vector<float> keys(logits.begin(), logits.end());
  const double max = std::max<double>(seen.max, part_of(keys).max), past = seen.sum * weight(seen.max, max);
  const auto sum_of = [=](auto counts) {
    return [=] {
      double sum = past;
      for (std::size_t j = 0; j < keys.size(); ++j) sum += counts(j, keys[j]) ? weight(keys[j], max) : 0;
      return sum;
    };
  };
  std::move(right)
      .but_not(
          [=] {
            double sum = seen.sum, so_far = seen.max;
            for (const float x : keys) {
              const double larger = std::max<double>(so_far, x);
              sum = sum * weight(seen.max, larger) + weight(x, larger);
              so_far = larger;
            }
            return sum;
          },
          "the sum was rescaled for every key by exp(seen.max - max), again and again. The maximum that it is "
          "relative to is the one after the last key, not the one at the start")
      .but_not(
          [=] {
            double sum = past, so_far = seen.max;
            for (const float x : keys) {
              so_far = std::max<double>(so_far, x);
              sum += weight(x, so_far);
            }
            return sum;
          },
          "every new key counts exp(x - the largest logit so far), and when a larger one came, the keys before "
          "it were not corrected")
      .but_not(sum_of([](std::size_t, float x) { return !std::isnan(x); }),
               "a NaN was left out as if it were masked. It is a bug upstream, and nobody will ever find it");
  for (const std::size_t width : {2, 4, 8, 16, 32})
    std::move(right).but_not(
        sum_of([=](std::size_t j, float) { return j < keys.size() / width * width; }),
        "the keys are taken in " + std::to_string(width) + " at a time, and those that remain at the end are missing");
  for (const std::size_t size : {16, 32, 64, 100, 128, 256, 512, 1000, 1024, 2048})
    std::move(right).but_not(sum_of([=](std::size_t j, float) { return j < size; }),
                             "only the first " + std::to_string(size) + " logits were taken in");
  return right;
}

/// extend(seen, logits) checked.
inline void check_extended(const Normalizer& got, const Normalizer& seen, Logits logits, std::int64_t n) {
  const Part past{.max = seen.max, .sum = seen.sum, .base_two = seen.sum}, chunk = part_of(logits);
  REQUIRE_THAT(got.max, matches_larger(past, chunk));
  const double expected = wrong::right(past, chunk, std::max(past.max, chunk.max));
  REQUIRE_THAT(got.sum, but_not_another_chunk(matches_step(past, chunk, expected, sum_tolerance(n, 1)), seen, logits));
}

/// In double what a Normalizer holds.
inline Part exactly(const Normalizer& n) { return {.max = n.max, .sum = n.sum, .base_two = n.sum}; }

/// What merging with an empty part leaves alone.
inline Tolerance same_sum() { return {0, 0, "sum: the empty part adds 0, the other counts exp(0) = 1 times"}; }

/// Checks a part that has seen a NaN: its sum is one. If it is `lost` instead, that is what `sentence` says.
inline void check_sum_is_nan(const Normalizer& got, double lost, const std::string& sentence) {
  REQUIRE_THAT(
      got.sum,
      matches(std::nanf(""), {0, 0, "sum: NaN stays NaN"}).but_not([=] { return static_cast<float>(lost); }, sentence));
}

}  // namespace workbook::online_softmax
