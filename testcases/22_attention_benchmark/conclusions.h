#pragma once
/// Orders of runs, comparisons, and the roofline.

#include "series.h"

namespace workbook::attention_benchmark {

/// The mean place of each case in an order.
inline Series mean_places(const std::vector<int>& order, int cases) {
  Series places(static_cast<std::size_t>(cases));
  for (std::size_t i = 0; i < order.size(); ++i) places[static_cast<std::size_t>(order[i])] += static_cast<double>(i);
  for (double& place : places) place /= static_cast<double>(order.size()) / cases;
  return places;
}

inline std::string text_of(const std::vector<int>& order) {
  std::string text;
  for (const int c : order) text += (text.empty() ? "" : " ") + std::to_string(c);
  return text;
}

/// Whether each round holds each case once; otherwise the test has failed.
inline bool check_rounds(const std::vector<int>& order, int cases, int rounds) {
  const bool complete = std::ssize(order) == std::int64_t{cases} * rounds;
  CHECK_THAT(complete, otherwise("expected " + std::to_string(cases) + " cases in each of " + std::to_string(rounds) +
                                 " rounds; got an order of " + std::to_string(order.size())));
  if (!complete) return false;
  for (int round = 0; round < rounds; ++round) {
    std::vector<int> of_round(order.begin() + std::ptrdiff_t{round} * cases,
                              order.begin() + std::ptrdiff_t{round + 1} * cases);
    const std::string text = text_of(of_round);
    std::ranges::sort(of_round);
    bool each_once = true;
    for (int c = 0; c < cases; ++c) each_once = each_once && of_round[static_cast<std::size_t>(c)] == c;
    CHECK_THAT(each_once, otherwise("round " + std::to_string(round) + " is " + text +
                                    ": a round holds every case once, so that whatever happens in a slow minute "
                                    "happens to all of them"));
    if (!each_once) return false;
  }
  return true;
}

/// ratio of medians and the like, of ratios taken in whatever way
inline Series ratios(const Series& above, const Series& below) {
  Series out;
  for (std::size_t i = 0; i < above.size(); ++i) out.push_back(above[i] / below[i]);
  return out;
}

/// Checks compare(baseline, candidate, confidence).
inline void check_comparison(const Comparison& got, const Series& baseline, const Series& candidate,
                             double confidence) {
  const Series paired = ratios(baseline, candidate), right = interval_of(paired, confidence);
  const Series b = interval_of(baseline, confidence), c = interval_of(candidate, confidence);
  INFO("the three values are low, speedup and high");
  CHECK_THAT(
      (Series{got.low, got.speedup, got.high}),
      matches(right, in_double())
          .but_not([=] { return interval_of(ratios(candidate, baseline), confidence); },
                   "the ratio is upside down: candidate / baseline. A candidate that takes half of the time has "
                   "a speedup of 2")
          .but_not([=] { return interval_of(ratios(sorted(baseline), sorted(candidate)), confidence); },
                   "both series were sorted before the ratios were taken: the runs of one round belong together, "
                   "because they have the same slow minutes")
          .but_not(
              [=] {
                return Series{b[0] / c[2], b[1] / c[1], b[2] / c[0]};
              },
              "this divides two intervals that know nothing of each other: take the ratio round by round, "
              "then one interval of the ratios. What slows down a whole round cancels in its ratio")
          .but_not(
              [=] {
                return Series{b[0] / c[0], b[1] / c[1], b[2] / c[2]};
              },
              "this divides low by low and high by high: take the ratio round by round, then one interval "
              "of the ratios")
          .but_not(
              [=] {
                return Series{right[0], b[1] / c[1], right[2]};
              },
              "the speedup is the ratio of two medians: it is the median of the ratios, round by round")
          .but_not(
              [=] {
                return Series{right[0], mean(baseline) / mean(candidate), right[2]};
              },
              "the speedup is the ratio of two means: it is the median of the ratios, round by round")
          .but_not(
              [=] {
                Series all;
                for (const double x : baseline)
                  for (const double y : candidate) all.push_back(x / y);
                return interval_of(all, confidence);
              },
              "every run of one was compared with every run of the other: only runs of the same round are "
              "a pair")
          .knowing([=](Matches m) {
            const Intervals of{{paired}, confidence};
            return but_not_other_ends(but_not_another_middle(std::move(m), of), of);
          }));
  const Outcome outcome = right[0] > 1 ? Outcome::faster : right[2] < 1 ? Outcome::slower : Outcome::undecided;
  const Outcome by_median = right[1] > 1 ? Outcome::faster : Outcome::slower;
  const std::string interval = "the ratios' interval is " + show(right[0]) + " to " + show(right[2]);
  CHECK_THAT(got.outcome == outcome,
             otherwise("outcome: expected " + describe(outcome) + ", got " + describe(got.outcome) + "\n" + interval +
                       (outcome == Outcome::undecided && got.outcome == by_median
                            ? "\nLikely: the median alone decided. It is never quite 1: as long as 1 lies in the "
                              "interval, the two may be equally fast"
                            : "\na candidate is faster if all of the interval is above 1, and slower if all of it is "
                              "below")));
}

/// Checks roofline(work, seconds, machine).
inline void check_position(const Position& got, const Work& work, double seconds, const Machine& machine) {
  const double flops = static_cast<double>(work.flops);
  const double bytes = static_cast<double>(work.bytes);
  const double of_flops = flops / machine.peak_flops, of_bytes = bytes / machine.bandwidth;
  const double least = std::max(of_flops, of_bytes), share = least / seconds;
  check_field("intensity", got.intensity,
              matches(flops / bytes, in_double())
                  .but_not([=] { return bytes / flops; }, "this is bytes for each FLOP: turn it around")
                  .but_not([=] { return std::floor(flops / bytes); },
                           "the quotient was rounded down: make one of the two a double first"));
  check_field(
      "roof", got.roof,
      matches(flops / least, in_double())
          .but_not([=] { return machine.peak_flops; },
                   "the roof is the peak, whatever the intensity: a program also waits for its bytes, and can do "
                   "no more than intensity * bandwidth")
          .but_not([=] { return flops / of_bytes; },
                   "the roof is intensity * bandwidth, whatever the peak: it ends there")
          .but_not([=] { return flops / std::min(of_flops, of_bytes); },
                   "this is the higher of the two roofs: a program must keep below both")
          .but_not([=] { return flops / (of_flops + of_bytes); },
                   "the two times were added: arithmetic and memory work at the same time, so the longer counts")
          .but_not([=] { return least; }, "these are seconds: the roof is in FLOPs each second"));
  check_field(
      "share_of_roof", got.share_of_roof,
      matches(share, in_double())
          .but_not([=] { return of_flops / seconds; }, "this is the share of the peak: the roof is lower here")
          .but_not([=] { return of_bytes / seconds; }, "this is the share of the bandwidth: the roof is lower here")
          .but_not([=] { return std::min(1.0, share); },
                   "this was cut off at 1: more than 1 is a message. The work or the machine was described "
                   "wrongly, and whoever hides that never learns of it")
          .but_not([=] { return 1 / share; }, "this is turned around: the share is small for a slow program"));
  check_field("share_of_peak", got.share_of_peak,
              matches(of_flops / seconds, in_double())
                  .but_not([=] { return share; }, "this is the share of the roof: the peak is flops / peak_flops alone")
                  .but_not([=] { return std::min(1.0, of_flops / seconds); }, "this was cut off at 1"));
  const Limit binding = of_flops >= of_bytes ? Limit::arithmetic : Limit::bandwidth;
  const Limit limit = share >= kNearRoof ? binding : Limit::neither;
  std::string why = "FLOPs alone would take " + show(of_flops) + " s, bytes alone " + show(of_bytes) +
                    " s, and it took " + show(seconds) + " s";
  if (limit == Limit::neither)
    why +=
        "\nLikely: less than half of the roof is reached, so neither of the two is what the program waits for: the "
        "limit is `neither`";
  else if (got.limit == Limit::neither)
    why +=
        "\nLikely: the limit was decided by the share of the peak: work that waits for memory reaches a small share of "
        "the peak, and may yet be at its roof";
  else
    why += "\nLikely: the limit is what takes *longer*, FLOPs or bytes";
  CHECK_THAT(got.limit == limit,
             otherwise("limit: expected " + describe(limit) + ", got " + describe(got.limit) + "\n" + why));
}

}  // namespace workbook::attention_benchmark
