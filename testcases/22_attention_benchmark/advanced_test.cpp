#include <fmt/format.h>

#include "conclusions.h"
#include "drift.h"
#include "timing.h"
#include "work.h"

using namespace workbook;
using namespace workbook::attention_benchmark;

TEST_CASE("a pair counts if the mask and the list allow it", "[advanced][useful_work][1pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{6, 6}, {4, 9}, {7, 3}}));
  Count right{
      .call = {.batch = 2, .heads = 6, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 3, .mask = mask},
      .allowed = some_pairs(q_len, kv_len)};
  // Key 1 is shown to nobody, and the last key only to a query that a causal mask keeps from it.
  for (std::int64_t i = 0; i < q_len; ++i) right.allowed->at(i, 1) = false;
  for (std::int64_t i = 0; i < q_len; ++i) right.allowed->at(i, kv_len - 1) = i == 0;
  const Work got = student<useful_work>(right.call, right.allowed);
  CHECK_THAT(got.flops, is_flops(right));
  CHECK_THAT(got.bytes, is_bytes(right));
}

TEST_CASE("no count of work is too large", "[advanced][useful_work][1pt]") {
  const auto [batch, heads, q_len, kv_len, head_dim, mask] =
      GENERATE(table<int, int, int, int, int, Mask>({{1, 1, 65'537, 65'539, 1, Mask::none},
                                                     {1, 1, 65'537, 65'539, 3, Mask::causal},
                                                     {50'021, 50'023, 1, 1, 1, Mask::none},
                                                     {65'537, 3, 2, 1, 65'539, Mask::none},
                                                     {3, 97, 300'007, 1'048'573, 128, Mask::causal}}));
  const Count right{.call = {.batch = batch,
                             .heads = heads,
                             .kv_heads = 1,
                             .q_len = q_len,
                             .kv_len = kv_len,
                             .head_dim = head_dim,
                             .mask = mask}};
  const Work got = student<useful_work>(right.call, right.allowed);
  CHECK_THAT(got.flops, is_flops(right));
  CHECK_THAT(got.bytes, is_bytes(right));
}

TEST_CASE("whoever counts hidden pairs reports twice the speed", "[advanced][useful_work][1pt]") {
  Attention call{.heads = 8, .kv_heads = 8, .q_len = 4096, .kv_len = 4096, .head_dim = 64};
  const Work whole = student<useful_work>(call, std::nullopt);
  CHECK_THAT(whole.flops, is_flops({.call = call}));
  call.mask = Mask::causal;
  const Work useful = student<useful_work>(call, std::nullopt);
  CHECK_THAT(useful.flops, is_flops({.call = call}));
  remark(fmt::format("4096 tokens, causal: {:.4f} times as many pairs are counted as are seen",
                     double(whole.flops) / double(std::max<std::int64_t>(1, useful.flops))));
}

TEST_CASE("one slow run turns a table around", "[advanced][median_interval][1pt]") {
  const Series flash{0.0658, 0.0008, 0.0008, 0.0008, 0.0008};
  INFO(kInterval);
  const Interval got = student<median_interval>(flash, 0.9);
  CHECK_THAT(values_of(got), is_interval(flash, 0.9));
  remark(fmt::format("65.8 ms and four times 0.8 ms: mean {:.1f} ms, standard deviation {:.1f} ms, median {:.1f} ms",
                     1e3 * mean(flash), 1e3 * standard_deviation(flash) * std::sqrt(4. / 5), 1e3 * got.median));
}

TEST_CASE("a busy core moves the mean and not the median", "[advanced][median_interval][1pt]") {
  const Series quiet = recorded::in_seconds(recorded::quiet), shared = recorded::in_seconds(recorded::shared);
  INFO(kInterval);
  const Interval of_quiet = student<median_interval>(quiet, 0.95), of_shared = student<median_interval>(shared, 0.95);
  CHECK_THAT(values_of(of_quiet), is_interval(quiet, 0.95));
  CHECK_THAT(values_of(of_shared), is_interval(shared, 0.95));
  const auto told = [](const char* name, const Series& x, const Interval& i) {
    return fmt::format("{}: mean {:.0f} ± {:.0f} µs; median {:.1f} µs, from {:.1f} to {:.1f}", name, 1e6 * mean(x),
                       1e6 * standard_deviation(x), 1e6 * i.median, 1e6 * i.low, 1e6 * i.high);
  };
  remark(told("quiet core", quiet, of_quiet));
  remark(told("shared core", shared, of_shared));
  remark(fmt::format("the mean is {:.1f} times as large, the median {:.1f} % larger", mean(shared) / mean(quiet),
                     100 * (of_shared.median / of_quiet.median - 1)));
}

TEST_CASE("the interval holds the true median as often as it says", "[advanced][median_interval][1pt]") {
  // Noise with a median of 1 and a long tail, exp(1.2 N), by a generator of its own: the same in every run.
  std::uint64_t state = 20'080'131;
  const auto uniform = [&state] {
    state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    return (static_cast<double>(state >> 33) + 0.5) / 0x1p31;
  };
  const auto noise = [&] {
    return std::exp(1.2 * std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()));
  };
  const double true_mean = std::exp(1.2 * 1.2 / 2);
  int held = 0, by_error = 0;
  constexpr int kSeries = 400;
  for (int i = 0; i < kSeries; ++i) {
    Series x(25);
    for (double& value : x) value = noise();
    const Interval got = student<median_interval>(x, 0.95);
    CHECK_THAT(values_of(got), is_interval(x, 0.95));
    const double error = 1.96 * standard_deviation(x) / std::sqrt(25.0);
    held += got.low <= 1 && 1 <= got.high;
    by_error += std::abs(mean(x) - true_mean) <= error;
  }
  CHECK_THAT(held >= kSeries * 93 / 100,
             otherwise(fmt::format("the interval held the true median in {} of {} series of "
                                   "25 runs, and promises 95 %",
                                   held, kSeries)));
  remark(fmt::format("25 runs, r = {}: {} of {} intervals by rank hold the true median ({:.1f} % expected)",
                     rank_of(25, 0.025), held, kSeries, 100 * (1 - 2 * fewer_heads(25, rank_of(25, 0.025)))));
  remark(fmt::format("mean ± 1.96 standard errors holds the true mean in {} of {}", by_error, kSeries));
}

TEST_CASE("more confidence takes ranks further outside", "[advanced][median_interval][1pt]") {
  const Series x = random_series(GENERATE(12, 40));
  const double confidence = GENERATE(0.3, 0.8, 0.99, 0.9999);
  INFO(kInterval);
  CHECK_THAT(values_of(student<median_interval>(x, confidence)), is_interval(x, confidence));
}

TEST_CASE("ten thousand runs have an interval, too", "[advanced][median_interval][1pt]") {
  const Series x = random_series(GENERATE(1500, 10'000));
  INFO(kInterval);
  CHECK_THAT(values_of(student<median_interval>(x, 0.95)), is_interval(x, 0.95));
}

TEST_CASE("what is no series has no median", "[advanced][median_interval][1pt]") {
  const double bad = GENERATE(0.0, -1e-6, kNever, std::nan(""));
  Series x = random_series(7);
  x[3] = bad;
  const auto refused = [](const std::string& why) { return Refused(why + ": expected std::invalid_argument", {}); };
  CHECK_THAT([&] { student<median_interval>(Series{}, 0.95); }, refused("no runs at all"));
  CHECK_THAT([&] { student<median_interval>(x, 0.95); }, refused("a time of " + show(bad)));
  const double confidence = GENERATE(0.0, 1.0, 95.0, -0.5);
  CHECK_THAT([&] { student<median_interval>(random_series(7), confidence); },
             refused("a confidence of " + show(confidence)));
}

TEST_CASE("a few slow runs do not make a drift", "[advanced][find_drift][1pt]") {
  Series x = random_series(20);
  x[18] = 40, x[19] = 30;
  check_drift(student<find_drift>(x), x);
}

TEST_CASE("recorded runs drift where the work grew", "[advanced][find_drift][1pt]") {
  const auto find = [](const recorded::Microseconds& times) {
    const Series x = recorded::in_seconds(times);
    const Drift got = student<find_drift>(x);
    check_drift(got, x);
    return fmt::format("{:+.2f} % each run, z = {:+.1f}", 100 * got.per_run, got.z);
  };
  remark("growing work: " + find(recorded::growing));
  remark("quiet core: " + find(recorded::quiet));
  remark("shared core: " + find(recorded::shared));
}

TEST_CASE("equal times neither rise nor fall", "[advanced][find_drift][1pt]") {
  const Series x = GENERATE(Series{3, 3, 3, 3, 3, 3}, Series{2, 2, 3, 3, 4, 4, 2, 3}, Series{7}, Series{2, 3});
  const Drift got = student<find_drift>(x);
  if (x.size() > 1)
    check_drift(got, x);
  else
    CHECK_THAT((Series{got.per_run, got.z}), matches(Series{0, 0}, zeros()));
}

TEST_CASE("recorded runs have outliers where the core was shared", "[advanced][find_outliers][1pt]") {
  const auto count = [](const recorded::Microseconds& times) {
    const Series x = recorded::in_seconds(times);
    const Indices got = student<find_outliers>(x);
    CHECK_THAT(got, are_outliers(x));
    return std::to_string(got.size());
  };
  remark("outliers among 60 runs: quiet core " + count(recorded::quiet) + ", shared core " + count(recorded::shared) +
         ", growing work " + count(recorded::growing));
}

TEST_CASE("if most runs are equal, all others are outliers", "[advanced][find_outliers][1pt]") {
  const Series x = GENERATE(Series{4, 4, 4, 9, 4, 3, 4}, Series{4, 4, 4}, Series{4});
  CHECK_THAT(student<find_outliers>(x), are_outliers(x));
}

TEST_CASE("a linear drift costs all cases alike", "[advanced][order_of_runs][1pt]") {
  const int cases = 2, rounds = 4;
  const std::vector<int> order = student<order_of_runs>(cases, rounds);
  if (!check_rounds(order, cases, rounds)) return;
  const auto appears = [](const std::vector<int>& by) {  // two cases that are equally fast; each run is 1 % slower
    Series total(2);
    for (std::size_t i = 0; i < by.size(); ++i)
      total[static_cast<std::size_t>(by[i])] += 1 + 0.01 * static_cast<double>(i);
    return 100 * (total[1] / total[0] - 1);
  };
  const double plain = appears({0, 1, 0, 1, 0, 1, 0, 1}), apart = appears({0, 0, 0, 0, 1, 1, 1, 1}),
               got = appears(order);
  CHECK_THAT(std::abs(got) < 1e-9,
             otherwise(fmt::format("in the order {}, the second case seems {:.2f} % slower than the "
                                   "first, and both are the same",
                                   text_of(order), got)));
  remark(fmt::format(
      "equal cases, each run 1 % slower: B seems {:.1f} % slower in AAAABBBB, {:.2f} % in ABABABAB, {:.2f} % "
      "in yours",
      apart, plain, got));
}

TEST_CASE("an order that cannot be fair is refused", "[advanced][order_of_runs][1pt]") {
  const auto [cases, rounds] = GENERATE(table<int, int>({{2, 3}, {4, 1}, {3, 5}, {0, 4}, {4, 0}, {-1, 2}, {2, -2}}));
  CHECK_THAT(([cases = cases, rounds = rounds] { student<order_of_runs>(cases, rounds); }),
             is_refused(fmt::format("{} cases in {} rounds", cases, rounds), cases, rounds));
}

TEST_CASE("a few rounds decide nothing", "[advanced][compare][1pt]") {
  const Series baseline{4, 5, 6, 7, 8}, candidate{1, 1.5, 2, 2.5, 3};
  check_comparison(student<attention_benchmark::compare>(baseline, candidate, 0.95), baseline, candidate, 0.95);
}

TEST_CASE("rounds with one run only are refused", "[advanced][compare][1pt]") {
  CHECK_THAT([] { student<attention_benchmark::compare>(random_series(8), random_series(11), 0.95); },
             is_refused("8 runs of the baseline and 11 of the candidate", 8, 11));
  Series negative = random_series(8);
  for (double& x : negative) x = -x;
  CHECK_THAT([&] { student<attention_benchmark::compare>(negative, negative, 0.95); },
             Refused("negative times, whose ratio is positive: expected std::invalid_argument", {}));
}

TEST_CASE("more than the roof is a message", "[advanced][roofline][1pt]") {
  const Machine machine{.peak_flops = 50e9, .bandwidth = 10e9};
  const Work work{.flops = 3'000'000'000, .bytes = 1'000'000'000};
  check_position(student<roofline>(work, 0.04, machine), work, 0.04, machine);
}

TEST_CASE("no time and no machine have no roof", "[advanced][roofline][1pt]") {
  const double bad = GENERATE(0.0, -1.0, kNever, std::nan(""));
  const auto refused =
      Refused("one of seconds, peak_flops and bandwidth is " + show(bad) + ": expected std::invalid_argument", {});
  CHECK_THAT([&] { student<roofline>(Work{8, 4}, bad, Machine{1e9, 1e9}); }, refused);
  CHECK_THAT([&] { student<roofline>(Work{8, 4}, 1.0, Machine{bad, 1e9}); }, refused);
  CHECK_THAT([&] { student<roofline>(Work{8, 4}, 1.0, Machine{1e9, bad}); }, refused);
}

TEST_CASE("every run begins with an output of NaN", "[advanced][verify_then_time][2pt]") {
  check_asked(play(script(Behaviour::right), 2, 3), asked(2, 3), true);
}

TEST_CASE("both sets of inputs are checked", "[advanced][verify_then_time][1pt]") {
  const std::int64_t at = random_integer(1, 8);
  const Played played = play(script(Behaviour::one_input_set, at), 2, 4);
  check_refused(played, Status::wrong, at,
                played.found.status == Status::measured
                    ? "the candidate is wrong for set 1 only. Check both sets"
                    : "the output for set 1 is wrong, and is not the one for set 0 either: that is no cached result");
  check_asked(played, asked(2, 4, 2), false);
}

TEST_CASE("a candidate that is right only while it is checked is found", "[advanced][verify_then_time][1pt]") {
  const Behaviour behaviour = GENERATE(Behaviour::wrong_from_run, Behaviour::idle_from_run);
  const bool idle = behaviour == Behaviour::idle_from_run;
  const Played played = play(script(behaviour, 4), 2, 4);
  check_refused(
      played, idle ? Status::unwritten : Status::wrong, 0,
      played.found.status == Status::measured
          ? "the candidate was right in both checks and not in the timed runs. Check the result of the last run, "
            "against the set that it ran on"
          : "the last timed run wrote nothing. Was the output filled with NaN before it?");
}

TEST_CASE("a run that throws is a failure and no crash", "[advanced][verify_then_time][1pt]") {
  const int at = GENERATE(0, 1, 3, 6);
  const Played played = play(script(Behaviour::throws_in_run, at), 2, 4);
  check_refused(played, Status::failed, -1, "a run threw std::runtime_error");
  check_asked(played, asked(2, 4, at + 1), false);
}

TEST_CASE("runs alternate between the sets of inputs", "[advanced][verify_then_time][1pt]") {
  const auto [warmup, runs] = GENERATE(table<int, int>({{3, 3}, {0, 4}}));
  const Script s = script(Behaviour::last_result);
  const Played played = play(s, warmup, runs);
  const Timed& got = played.found;
  if (got.status == Status::measured)
    CHECK_THAT(
        std::ranges::count(got.seconds, 0.0) == 0,
        otherwise("a run took no time.\nLikely: two runs in a row took the same inputs, and the candidate remembers "
                  "its latest result. Warm-up and timed runs alternate between the sets"));
  check_times(played);
}

TEST_CASE("a benchmark without runs is refused", "[advanced][verify_then_time][1pt]") {
  const auto [warmup, runs] = GENERATE(table<int, int>({{-1, 4}, {2, 0}, {3, -2}}));
  const auto candidate = student<construct<Candidate, const Script&>>(Script{});
  CHECK_THAT(([&, warmup = warmup, runs = runs] { student<verify_then_time>(candidate, warmup, runs); }),
             is_refused(fmt::format("warmup {} and {} runs", warmup, runs), warmup, runs));
}
