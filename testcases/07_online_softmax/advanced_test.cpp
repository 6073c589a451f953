#include "common/checker/attention/large_inputs.h"
#include "one_pass.h"
#include "rows.h"

using namespace workbook;
using namespace workbook::online_softmax;

namespace {

/// A row of one channel.
Row long_row(std::int64_t kv_len) {
  Row row{random_normal({1, 1}, 2), attention_tests::random_uniform({kv_len, 1}),
          attention_tests::random_uniform({kv_len, 1})};
  for (float& value : row.v.values()) value += 1;  // else the result is nearly 0, and every tolerance too wide
  return row;
}

/// Matches the attention of a long row.
Matches matches_long_row(const Row& row) {
  return matches(finished(attended(row, 0, row.kv_len())),
                 {0, 100 * std::sqrt(static_cast<double>(row.kv_len())) * kUnitRoundoff,
                  "100 times what sums of so many terms usually lose"});
}

}  // namespace

TEST_CASE("logits of any size, in any order of arrival", "[advanced][extend][2pt]") {
  std::vector<float> row = random_logits(40, 0, 1000);
  SECTION("rising") { std::ranges::sort(row); }
  SECTION("falling") { std::ranges::sort(row, std::greater{}); }
  SECTION("as they come") {}
  SECTION("all below zero") {
    for (float& x : row) x -= 10'000;
  }
  Normalizer seen;
  for (std::size_t first = 0; first < row.size(); first += 4) {
    const Normalizer past = seen;
    const Logits chunk = Logits(row).subspan(first, 4);
    seen = student<extend>(past, chunk);
    check_extended(seen, past, chunk, 40);
  }
}

TEST_CASE("a NaN is not hidden", "[advanced][extend][1pt]") {
  const float nan = std::nanf("");
  const std::string bug = " A NaN among the logits is a bug upstream, and nobody will ever find it";
  SECTION("beside other logits") {
    const std::vector<float> logits{1, nan, 2};
    const Normalizer seen = student<extend>({}, logits);
    check_sum_is_nan(seen, exactly({.max = 2, .sum = 1 + std::exp(-1.f)}).sum,
                     "the NaN was left out as if it were masked." + bug);
    check_sum_is_nan(student<extend>(seen, random_logits(3)), 0, "");
  }
  SECTION("beside masked keys") {
    const Normalizer seen = student<extend>({}, std::vector<float>{-kInfinity, nan, -kInfinity});
    check_sum_is_nan(
        seen, 0,
        "the part looks empty. Its max is -inf, because a maximum passes over NaN; its sum is NaN. Ask the "
        "sum whether a part is empty, and leave no NaN out." +
            bug);
    const std::vector<float> more = random_logits(3);
    check_sum_is_nan(student<extend>(seen, more), part_of(more).sum,
                     "the past was taken for empty, because its max is -inf. Its sum is NaN, and NaN is not 0." + bug);
  }
}

TEST_CASE("a NaN is not merged away", "[advanced][merge][1pt]") {
  const Normalizer broken{.max = GENERATE(1.f, -kInfinity), .sum = std::nanf("")};
  const Normalizer good = GENERATE(Normalizer{}, Normalizer{.max = 0.5f, .sum = 2});
  const std::string reason =
      "one part's sum is NaN, and merging lost it: was a part with max -inf taken for empty? Look at its sum: NaN is "
      "not 0";
  check_sum_is_nan(student<merge>(broken, good), good.sum, reason);
  check_sum_is_nan(student<merge>(good, broken), good.sum, reason);
}

TEST_CASE("parts as low as floats go are not empty", "[advanced][merge][1pt]") {
  for (const float low : ever_lower()) {
    const Normalizer a{.max = low, .sum = 3}, b{.max = low, .sum = 2};
    check_step(student<merge>(a, b), exactly(a), exactly(b), 5);
    check_step(student<merge>(a, {}), exactly(a), {}, 5);
    check_step(student<merge>({}, a), {}, exactly(a), 5);
  }
}

TEST_CASE("a NaN of one key reaches its part", "[advanced][attend][1pt]") {
  Row row = row_of_logits(random_logits(5));
  row.k.at(2, 0) = std::nanf("");
  const PartialAttention got = student<attend>(row.q, row.k, row.v, 0, 5);
  std::vector<float> others(row.k.values().begin(), row.k.values().end());
  std::erase_if(others, [](float x) { return std::isnan(x); });
  check_sum_is_nan({got.max, got.sum}, part_of(others).sum,
                   "the NaN was left out as if it were masked. It is a bug upstream, and nobody will ever find it");
}

TEST_CASE("masked keys weigh nothing in attention", "[advanced][attend][1pt]") {
  const auto [first, count] = GENERATE(table<int, int>({{0, 6}, {0, 2}, {1, 3}}));
  const Row row = row_of_logits(std::vector<float>{-kInfinity, -kInfinity, 0.5f, -1, -kInfinity, 2});
  check_attended(student<attend>(row.q, row.k, row.v, first, count), row, first, count);
}

TEST_CASE("attention to logits as low as floats go", "[advanced][attend][1pt]") {
  for (const float low : ever_lower()) {
    const Row row = row_of_logits(std::vector<float>(4, low));
    check_attended(student<attend>(row.q, row.k, row.v, 0, 4), row, 0, 4);
  }
}

TEST_CASE("a part may be empty", "[advanced][attend][1pt]") {
  const Row row = random_row(5, 8);
  check_attended(student<attend>(row.q, row.k, row.v, GENERATE(0, 3, 5), 0), row, 0, 0);
}

TEST_CASE("a part needs no more than its own keys", "[advanced][attend][1pt]") {
  const Row row = long_row(320 << 10);  // keys and values are 1.25 MiB each
  check_attended(student<attend>(row.q, row.k, row.v, 8000, 64), row, 8000, 64);
  CHECK_THAT(evidence(), workspace_at_most(24 << 10,
                                           "64 logits and one row of values are less than 1 KiB. Logits of all keys "
                                           "would be 1.25 MiB, and copies of keys are not needed: rows(view, first, "
                                           "count) reads them where they are"));
}

TEST_CASE("merging with no keys leaves attention alone", "[advanced][merge_attention][1pt]") {
  const Row row = random_row(6, 8);
  const PartialAttention empty{.weighted = Tensor({1, 8})};
  const PartialAttention part = GENERATE(false, true) ? empty : rounded_attention(attended(row, 0, 6));
  const bool part_first = GENERATE(false, true);
  const PartialAttention got =
      part_first ? student<merge_attention>(part, empty) : student<merge_attention>(empty, part);
  const auto nan = [] { return std::nan(""); };
  CHECK_THAT(got.max, matches(part.max, max_tolerance()));
  CHECK_THAT(got.sum, matches(part.sum, same_sum()).but_not(nan, kNanFromEmpty));
  CHECK_THAT(got.weighted, matches(part.weighted, {0, 0, "weighted: the empty part adds zeros"})
                               .but_not(
                                   [] {
                                     return Tensor({1, 8}, std::nanf(""));
                                   },
                                   kNanFromEmpty));
}

TEST_CASE("a small factor of a large part counts", "[advanced][merge_attention][1pt]") {
  // exp(-20) is 2e-9, less than the rounding of a float, but the sums that it multiplies are large.
  const bool turned = GENERATE(false, true);
  const PartialAttention low{.max = 0, .sum = 4e8F, .weighted = Tensor({1, 2}, {1e9F, -3e9F})};
  const PartialAttention high{.max = 20, .sum = 1, .weighted = Tensor({1, 2}, {1, 1})};
  const auto got = turned ? student<merge_attention>(high, low) : student<merge_attention>(low, high);
  const double factor = std::exp(-20.);
  const Tolerance tolerance{0, 16 * kUnitRoundoff, "rounding of exp, a product and a sum"};
  const std::string lost = "the part with the smaller maximum was left out: its factor is small, its sums are not";
  CHECK_THAT(got.sum, matches(1 + factor * 4e8, tolerance).but_not([] { return 1.0; }, lost));
  CHECK_THAT(got.weighted, matches(Tensor64({1, 2}, {1 + factor * 1e9, 1 - factor * 3e9}), tolerance)
                               .but_not([=] { return high.weighted; }, lost));
}

TEST_CASE("a NaN is not lost between parts of attention", "[advanced][merge_attention][1pt]") {
  const Row row = random_row(4, 8);
  const PartialAttention good =
      GENERATE(false, true) ? PartialAttention{.weighted = Tensor({1, 8})} : rounded_attention(attended(row, 0, 4));
  const PartialAttention broken{.sum = std::nanf(""), .weighted = Tensor({1, 8}, std::nanf(""))};
  const std::string reason =
      "one part's sum is NaN, and merging lost it: was a part with max -inf taken for empty? Look at its sum: NaN is "
      "not 0";
  const PartialAttention left = student<merge_attention>(broken, good), right = student<merge_attention>(good, broken);
  check_sum_is_nan({left.max, left.sum}, good.sum, reason);
  check_sum_is_nan({right.max, right.sum}, good.sum, reason);
}

TEST_CASE("a row as low as floats go", "[advanced][one_pass_attention][1pt]") {
  const int chunk = GENERATE(1, 3, 8);
  for (const float low : ever_lower()) {
    const Row row = row_of_logits(std::vector<float>(4, low));
    CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, chunk),
               matches_row(row, chunk)
                   .but_not(
                       [] {
                         return Tensor({1, 1});
                       },
                       "zeros, as of a row without keys. Logits as low as these are no mask, and a maximum that "
                       "starts at a finite number is above them: every weight underflows")
                   .but_not(
                       [] {
                         return Tensor({1, 1}, std::nanf(""));
                       },
                       "NaN: 0 / 0. A maximum that starts at a finite number is above logits as low as these, and "
                       "every weight underflows"));
  }
}

TEST_CASE("a row of masked keys gives zeros", "[advanced][one_pass_attention][1pt]") {
  const int chunk = GENERATE(1, 2, 5);
  const Row row = row_of_logits(std::vector<float>(5, -kInfinity));
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, chunk),
             matches(Tensor({1, 1}), zeros())
                 .but_not(
                     [] {
                       return Tensor({1, 1}, std::nanf(""));
                     },
                     "NaN: no key is visible, so the sum is 0, and 0 / 0 is NaN; or before that, -inf - (-inf). "
                     "There is nothing to divide by, and the result is zeros"));
}

TEST_CASE("a NaN in any chunk reaches the result", "[advanced][one_pass_attention][1pt]") {
  Row row = row_of_logits(random_logits(7));
  const std::int64_t broken = GENERATE(0, 3, 6);
  row.k.at(broken, 0) = std::nanf("");
  if (GENERATE(false, true))
    for (std::int64_t j = 0; j < 7; ++j)
      if (j != broken) row.k.at(j, 0) = -kInfinity;
  Row others = row;
  others.k.at(broken, 0) = -kInfinity;
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, 3),
             matches(Tensor({1, 1}, std::nanf("")), {0, 0, "NaN stays NaN"})
                 .but_not(
                     [] {
                       return Tensor({1, 1});
                     },
                     "zeros, as of a row without keys. A comparison with NaN is false, so !(sum > 0) is true of "
                     "NaN as well; and a maximum passes over NaN. Ask whether the sum is 0")
                 .but_not([&] { return finished(attended(others, 0, 7)); },
                          "the NaN was left out as if it were masked, or as if its chunk were empty. It is a bug "
                          "upstream, and nobody will ever find it"));
}

TEST_CASE("a shorter row keeps no scores either", "[advanced][one_pass_attention][1pt]") {
  const Row row = long_row(GENERATE(32 << 10, 256 << 10));
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, 4), matches_long_row(row));
  CHECK_THAT(evidence(), workspace_at_most(16 << 10,
                                           "4 logits and a few numbers are less than 1 KiB, as for a longer row. All "
                                           "logits at once are 128 KiB or 1 MiB"));
}

TEST_CASE("one pass keeps no row of scores", "[advanced][one_pass_attention][2pt]") {
  const Row row = long_row(320 << 10);  // keys and values are 1.25 MiB each
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, 64), matches_long_row(row));
  CHECK_THAT(evidence(), workspace_at_most(24 << 10,
                                           "64 logits and a few numbers are less than 1 KiB; the logits of all 320 Ki "
                                           "keys are 1.25 MiB. Of past chunks only max, sum and weighted "
                                           "stay, so memory does not grow with the row"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; the row's logits would be 1.25 MiB");
}

TEST_CASE("large logits do not overflow", "[advanced][one_pass_attention][1pt]") {
  const Row row = random_row(30, 8, 200);
  const int chunk = GENERATE(1, 7);
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, chunk), matches_row(row, chunk));
}

TEST_CASE("a row without keys gives zeros", "[advanced][one_pass_attention][1pt]") {
  const Row row = random_row(0, 8);
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, 4), matches_row(row, 4));
}

TEST_CASE("a chunk holds at least one key", "[advanced][one_pass_attention][1pt]") {
  const Row row = random_row(5, 8);
  const int chunk = GENERATE(0, -4);
  try {
    student<one_pass_attention>(row.q, row.k, row.v, chunk);
    CHECK_THAT(false, otherwise("expected std::invalid_argument: a chunk without keys never comes to an end"));
  } catch (const std::invalid_argument& e) {
    CHECK_THAT(std::string(e.what()).find(std::to_string(chunk)) != std::string::npos,
               otherwise("the message must name what was found, " + std::to_string(chunk) + "; it says: " + e.what()));
  }
}
