#include <fmt/format.h>

#include "conclusions.h"
#include "drift.h"
#include "timing.h"
#include "work.h"

using namespace workbook;
using namespace workbook::attention_benchmark;

TEST_CASE("a pair costs four FLOPs for each channel", "[basic][useful_work][1pt]") {
  const Count right{.call = {.batch = 2, .heads = 6, .kv_heads = 3, .q_len = 5, .kv_len = 7, .head_dim = 11}};
  CHECK_THAT(student<useful_work>(right.call, right.allowed).flops, is_flops(right));
}

TEST_CASE("pairs that a causal mask hides are no useful work", "[basic][useful_work][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{9, 9}, {4, 9}, {9, 4}, {1, 6}}));
  const Count right{.call = {.batch = 3,
                             .heads = 4,
                             .kv_heads = 2,
                             .q_len = q_len,
                             .kv_len = kv_len,
                             .head_dim = 5,
                             .mask = Mask::causal}};
  CHECK_THAT(student<useful_work>(right.call, right.allowed).flops, is_flops(right));
}

TEST_CASE("keys and values move once for each of the KV heads", "[basic][useful_work][1pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const Count right{.call = {.batch = 3,
                             .heads = 8,
                             .kv_heads = 2,
                             .q_len = 5,
                             .kv_len = 13,
                             .head_dim = 7,
                             .element_bytes = GENERATE(2, 4),
                             .mask = mask}};
  CHECK_THAT(student<useful_work>(right.call, right.allowed).bytes, is_bytes(right));
}

TEST_CASE("the median is in the middle of the sorted runs", "[basic][median_interval][1pt]") {
  const Series x = random_series(GENERATE(7, 8, 20));
  INFO(kInterval);
  CHECK_THAT(values_of(student<median_interval>(x, 0.95)), is_interval(x, 0.95));
}

TEST_CASE("the interval's ranks are those of a tossed coin", "[basic][median_interval][2pt]") {
  Intervals right{{}, 0.95};
  Series got;
  for (int n = 6; n <= 16; ++n) {
    right.all.push_back(random_series(n));
    const Interval one = student<median_interval>(right.all.back(), 0.95);
    got.insert(got.end(), {one.low, one.median, one.high});
  }
  INFO("the values are low, median and high of series of 6 runs, of 7 runs, and so on");
  CHECK_THAT(got, are_intervals(right));
  remark(fmt::format("95 % of 10 runs: from the {}nd smallest to the {}nd largest", rank_of(10, 0.025),
                     rank_of(10, 0.025)));
}

TEST_CASE("too few runs say nothing about the median", "[basic][median_interval][1pt]") {
  for (int n = 1; n <= 5; ++n) {
    const Series x = random_series(n);
    INFO(kInterval);
    CHECK_THAT(values_of(student<median_interval>(x, 0.95)), is_interval(x, 0.95));
  }
  const Series six = random_series(6);
  CHECK_THAT(values_of(student<median_interval>(six, 0.95)), is_interval(six, 0.95));
  remark("an interval of 95 % has an end from 6 runs on");
}

TEST_CASE("a steady growth is found whatever the noise", "[basic][find_drift][2pt]") {
  Series x = random_series(GENERATE(9, 10, 31));
  const double step = GENERATE(0.02, -0.002);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += step * static_cast<double>(i);
  check_drift(student<find_drift>(x), x);
}

TEST_CASE("runs without an order do not drift", "[basic][find_drift][1pt]") {
  const Series x{5, 7, 6, 4, 8, 5.5, 6.5, 7.5, 4.5, 6.25};
  check_drift(student<find_drift>(x), x);
}

TEST_CASE("runs far from the median are outliers", "[basic][find_outliers][1pt]") {
  // The median is 100 and the MAD 0.6745, so 1.4826 times the MAD is 1: 3.4 is within 3.5, 4 and 40 are not.
  Series x;
  for (const double distance : {0.0, 0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.6745, -0.7, 3.4, -0.9, 4.0, -1.0, 40.0, -1.1})
    x.push_back(100 + distance);
  std::ranges::rotate(x, x.begin() + random_integer(0, 14));
  CHECK_THAT(student<find_outliers>(x), are_outliers(x));
}

TEST_CASE("a run that is much too fast is an outlier as well", "[basic][find_outliers][1pt]") {
  Series x;
  for (int i = 0; i < 31; ++i) x.push_back(static_cast<double>(random_integer(800, 850)));
  x[static_cast<std::size_t>(random_integer(1, 29))] = 80;
  CHECK_THAT(student<find_outliers>(x), are_outliers(x));
}

TEST_CASE("every round holds every case once", "[basic][order_of_runs][1pt]") {
  const auto [cases, rounds] = GENERATE(table<int, int>({{1, 1}, {1, 3}, {2, 4}, {3, 2}, {5, 6}}));
  check_rounds(student<order_of_runs>(cases, rounds), cases, rounds);
}

TEST_CASE("every case has the same mean place", "[basic][order_of_runs][2pt]") {
  const auto [cases, rounds] = GENERATE(table<int, int>({{2, 2}, {2, 4}, {3, 2}, {7, 10}}));
  const std::vector<int> order = student<order_of_runs>(cases, rounds);
  if (!check_rounds(order, cases, rounds)) return;
  const Series places = mean_places(order, cases), plain = [&] {
    Series out;
    for (int c = 0; c < cases; ++c) out.push_back(c + cases * (rounds - 1) / 2.0);
    return out;
  }();
  INFO("the values are the mean place of case 0, of case 1, and so on");
  CHECK_THAT(places,
             matches(Series(places.size(), (cases * rounds - 1) / 2.0), in_double())
                 .but_not([=] { return plain; },
                          "every round has the same order: case 0 always comes first, and if the machine becomes "
                          "slower, it looks fastest. Turn every second round around")
                 .but_not([=] { return Series(plain.rbegin(), plain.rend()); },
                          "every round has the same order, the last case first")
                 .otherwise("the order is " + text_of(order)));
}

TEST_CASE("ratios are taken round by round", "[basic][compare][2pt]") {
  // Both series meet the same slow minutes, which are far larger than what tells the two apart.
  const Series noise = random_series(GENERATE(12, 13)), own = random_series(std::ssize(noise)),
               other = random_series(std::ssize(noise));
  Series baseline, candidate;
  for (std::size_t i = 0; i < noise.size(); ++i) {
    const double minute = std::exp(6 * noise[i]);
    baseline.push_back(1.5 * minute * own[i]);
    candidate.push_back(minute * other[i]);
  }
  check_comparison(student<attention_benchmark::compare>(baseline, candidate, 0.95), baseline, candidate, 0.95);
}

TEST_CASE("a candidate is faster only if the whole interval is above 1", "[basic][compare][2pt]") {
  const double speedup = GENERATE(1.5, 1.02, 0.98, 0.6);
  Series baseline, candidate;
  for (int i = 0; i < 10; ++i) {
    baseline.push_back(static_cast<double>(random_integer(8, 12)));
    candidate.push_back(baseline.back() / speedup * (1 + 0.05 * (i % 5 - 2) + 0.001 * i));
  }
  check_comparison(student<attention_benchmark::compare>(baseline, candidate, 0.95), baseline, candidate, 0.95);
}

TEST_CASE("the roof is the lower of two", "[basic][roofline][2pt]") {
  const Machine machine{.peak_flops = 64e9, .bandwidth = 16e9};
  const Work work{.flops = GENERATE(1'000'000'001, 20'000'000'001), .bytes = 2'000'000'003};
  check_position(student<roofline>(work, 0.5, machine), work, 0.5, machine);
}

TEST_CASE("the limit is what takes longer, if anything near the roof is reached", "[basic][roofline][1pt]") {
  const Machine machine{.peak_flops = 100e9, .bandwidth = 10e9};
  const auto [flops, seconds] = GENERATE(table<std::int64_t, double>(
      {{30'000'000'000, 0.4}, {30'000'000'000, 0.9}, {1'000'000'000, 0.15}, {1'000'000'000, 0.5}}));
  const Work work{.flops = flops, .bytes = 1'000'000'000};
  check_position(student<roofline>(work, seconds, machine), work, seconds, machine);
}

TEST_CASE("a right candidate is measured after its warm-up", "[basic][verify_then_time][1pt]") {
  const auto [warmup, runs] = GENERATE(table<int, int>({{2, 4}, {3, 5}, {0, 2}}));
  const Script s = script(Behaviour::right);
  check_times(play(s, warmup, runs));
}

TEST_CASE("a wrong result is found, and has no times", "[basic][verify_then_time][2pt]") {
  const std::int64_t at = random_integer(1, 8);
  const Played played = play(script(Behaviour::wrong_element, at), 2, 4);
  check_refused(played, Status::wrong, at,
                "one element is off by 0.01 and the rest is right. Is every element compared?");
  check_asked(played, asked(2, 4, 1), false);
}

TEST_CASE("an element that nobody writes is found", "[basic][verify_then_time][2pt]") {
  const std::int64_t at = random_integer(1, 8);
  const Played played = play(script(Behaviour::leaves_element, at), 2, 4);
  check_refused(
      played, Status::unwritten, at,
      played.found.status == Status::measured
          ? "NaN passed for right. Every comparison with NaN is false: ask whether the error is *within* the "
            "tolerance, and refuse what is not"
          : "an element was not written, and what was in the output before looks like a result. Fill all of it "
            "with NaN before the run, and a NaN that is left says so");
}

TEST_CASE("a result that was kept from other inputs is found", "[basic][verify_then_time][1pt]") {
  const Played played = play(script(Behaviour::first_result), 2, 3);
  check_refused(
      played, Status::cached, 0,
      played.found.status == Status::measured
          ? "the candidate returns its first result for ever, and all checks used the same inputs. Check set 1 "
            "as well"
          : "the output for set 1 is the right one for set 0: someone kept it. That has a status of its own");
}

TEST_CASE("between two readings of the clock is one run and nothing else", "[basic][verify_then_time][1pt]") {
  const auto [warmup, runs] = GENERATE(table<int, int>({{2, 3}, {1, 4}}));
  check_asked(play(script(Behaviour::right), warmup, runs), asked(warmup, runs), false);
}
