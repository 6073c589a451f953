#include "../conclusions.h"
#include "../drift.h"
#include "../timing.h"
#include "../work.h"

using namespace workbook;
using namespace workbook::attention_benchmark;

// Hint: lengths, heads, masks and lists of allowed pairs are all independent.
TEST_CASE("work is right for calls drawn at random", "[hidden][useful_work][1pt]") {
  for (int i = 0; i < 12; ++i) {
    const auto kv_heads = static_cast<int>(random_integer(1, 3)), q_len = static_cast<int>(random_integer(1, 9)),
               kv_len = static_cast<int>(random_integer(1, 9));
    Count right{.call = {.batch = static_cast<int>(random_integer(1, 3)),
                         .heads = kv_heads * static_cast<int>(random_integer(1, 3)),
                         .kv_heads = kv_heads,
                         .q_len = q_len,
                         .kv_len = kv_len,
                         .head_dim = static_cast<int>(random_integer(1, 9)),
                         .element_bytes = static_cast<int>(random_integer(1, 4)),
                         .mask = i % 2 ? Mask::causal : Mask::none}};
    if (i % 3) right.allowed = some_pairs(q_len, kv_len);
    const Work got = student<useful_work>(right.call, right.allowed);
    CHECK_THAT(got.flops, is_flops(right));
    CHECK_THAT(got.bytes, is_bytes(right));
  }
}

// Hint: any number of runs, any confidence.
TEST_CASE("intervals are right for series drawn at random", "[hidden][median_interval][2pt]") {
  for (int i = 0; i < 12; ++i) {
    const Series x = random_series(random_integer(1, 90));
    const double confidence = static_cast<double>(random_integer(51, 998)) / 1000 + 1e-5;
    INFO(kInterval);
    CHECK_THAT(values_of(student<median_interval>(x, confidence)), is_interval(x, confidence));
  }
}

// Hint: a series with as much noise as drift, and one that becomes faster.
TEST_CASE("drifts are right for series drawn at random", "[hidden][find_drift][1pt]") {
  for (int i = 0; i < 8; ++i) {
    Series x = random_series(random_integer(4, 40));
    const double step = 0.001 * static_cast<double>(random_integer(-5, 5));
    for (std::size_t j = 0; j < x.size(); ++j) x[j] += step * static_cast<double>(j);
    check_drift(student<find_drift>(x), x);
  }
}

// Hint: every function that takes a series owes the same refusals.
TEST_CASE("what is no series neither drifts nor has outliers", "[hidden][find_drift][1pt]") {
  const Refused refused("no run, or one that is not finite and positive: expected std::invalid_argument", {});
  for (const Series& x : {Series{}, Series{1, 0, 2}, Series{1, kNever, 2}, Series{1, 2, -3}})
    CHECK_THAT([&] { student<find_drift>(x); }, refused);
}

// Hint: every function that takes a series owes the same refusals.
TEST_CASE("what is no series has no outliers", "[hidden][find_outliers][1pt]") {
  const Refused refused("no run, or one that is not finite and positive: expected std::invalid_argument", {});
  for (const Series& x : {Series{}, Series{1, 0, 2}, Series{1, kNever, 2}, Series{1, 2, -3}})
    CHECK_THAT([&] { student<find_outliers>(x); }, refused);
}

// Hint: both series may drift, both may have outliers, and the confidence is an argument.
TEST_CASE("comparisons are right for series drawn at random", "[hidden][compare][1pt]") {
  for (int i = 0; i < 8; ++i) {
    const std::int64_t rounds = random_integer(3, 40);
    const Series baseline = random_series(rounds, 0.9 + 0.05 * i), candidate = random_series(rounds, 1);
    const double confidence = i % 2 ? 0.9 : 0.99;
    check_comparison(student<attention_benchmark::compare>(baseline, candidate, confidence), baseline, candidate,
                     confidence);
  }
}

// Hint: large numbers of cases and rounds are as fair as small ones.
TEST_CASE("orders are fair for cases and rounds drawn at random", "[hidden][order_of_runs][1pt]") {
  for (int i = 0; i < 6; ++i) {
    const auto cases = static_cast<int>(random_integer(1, 30)), rounds = 2 * static_cast<int>(random_integer(1, 20));
    const std::vector<int> order = student<order_of_runs>(cases, rounds);
    if (!check_rounds(order, cases, rounds)) return;
    CHECK_THAT(mean_places(order, cases),
               matches(Series(static_cast<std::size_t>(cases), (cases * rounds - 1) / 2.0), in_double()));
  }
}

// Hint: which run is the last one, and on which inputs did it work?
TEST_CASE("the last result is checked, whatever the number of runs", "[hidden][verify_then_time][1pt]") {
  for (const int warmup : {0, 1, 2})
    for (const int runs : {1, 2, 3}) {
      const Script right = script(Behaviour::right), late = script(Behaviour::wrong_from_run, 1 + warmup + runs);
      check_times(play(right, warmup, runs));
      check_refused(play(late, warmup, runs), Status::wrong, 0, "the last run alone was wrong");
    }
}
