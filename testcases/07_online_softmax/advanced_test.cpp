#include "one_pass.h"
#include "rows.h"

using namespace workbook;
using namespace workbook::online_softmax;

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
    const Part past = exactly(seen);
    const Logits chunk = Logits(row).subspan(first, 4);
    seen = student<extend>(seen, chunk);
    check_step(seen, past, part_of(chunk), 40);
  }
}

TEST_CASE("a NaN is not hidden", "[advanced][extend][1pt]") {
  const float nan = std::nanf("");
  const std::vector<float> first =
      GENERATE(std::vector<float>{1, std::nanf(""), 2}, std::vector<float>{-kInfinity, std::nanf(""), -kInfinity});
  const std::string reason =
      "a NaN among the logits is a bug upstream, and here it has vanished: was a part with max -inf taken for empty "
      "without a look at its sum? A maximum passes over NaN, a sum does not";
  Normalizer seen = student<extend>({}, first);
  CHECK_THAT(seen.sum, matches(nan, {0, 0, "sum: NaN stays NaN"}).otherwise(reason));
  seen = student<extend>(seen, random_logits(3));
  CHECK_THAT(seen.sum, matches(nan, {0, 0, "sum: NaN stays NaN"}).otherwise(reason));
}

TEST_CASE("a NaN is not merged away", "[advanced][merge][1pt]") {
  const Normalizer broken{.max = GENERATE(1.f, -kInfinity), .sum = std::nanf("")};
  const Normalizer good = GENERATE(Normalizer{}, Normalizer{.max = 0.5f, .sum = 2});
  const std::string reason =
      "one part's sum is NaN, and merging lost it: was a part with max -inf taken for empty? Look at its sum: NaN is "
      "not 0";
  const Matches is_nan = matches(std::nanf(""), {0, 0, "sum: NaN stays NaN"}).otherwise(reason);
  CHECK_THAT(student<merge>(broken, good).sum, is_nan);
  CHECK_THAT(student<merge>(good, broken).sum, is_nan);
}

TEST_CASE("a part may be empty", "[advanced][attend][1pt]") {
  const Row row = random_row(5, 8);
  check_attended(student<attend>(row.q, row.k, row.v, GENERATE(0, 3, 5), 0), row, 0, 0);
}

TEST_CASE("a part needs no more than its own keys", "[advanced][attend][1pt]") {
  const Row row = random_row(3 << 20, 1);  // keys and values are 12 MiB each
  check_attended(student<attend>(row.q, row.k, row.v, 8000, 64), row, 8000, 64);
  CHECK_THAT(evidence(), workspace_at_most(24 << 10,
                                           "64 logits and one row of values are less than 1 KiB. Logits of all keys "
                                           "would be 12 MiB, and copies of keys are not needed: rows(view, first, "
                                           "count) reads them where they are"));
}

TEST_CASE("merging with no keys leaves attention alone", "[advanced][merge_attention][1pt]") {
  const Row row = random_row(6, 8);
  const PartialAttention empty{.weighted = Tensor({1, 8})};
  const PartialAttention part = GENERATE(false, true) ? empty : rounded_attention(attended(row, 0, 6));
  const bool part_first = GENERATE(false, true);
  const PartialAttention got =
      part_first ? student<merge_attention>(part, empty) : student<merge_attention>(empty, part);
  const auto nan = [](const Tensor64& x) { return std::isnan(x.values()[0]); };
  CHECK_THAT(got.max, matches(part.max, max_tolerance()));
  CHECK_THAT(got.sum, matches(part.sum, same_sum()).but_if(nan, kNanFromEmpty));
  CHECK_THAT(got.weighted,
             matches(part.weighted, {0, 0, "weighted: the empty part adds zeros"}).but_if(nan, kNanFromEmpty));
}

TEST_CASE("one pass keeps no row of scores", "[advanced][one_pass_attention][2pt]") {
  Row row = random_row(3 << 20, 1);                // keys and values are 12 MiB each
  for (float& value : row.v.values()) value += 1;  // else the result is nearly 0, and every tolerance too wide
  const Tolerance tolerance{0, 100 * std::sqrt(3 << 20) * kUnitRoundoff,
                            "100 times what sums of 3 Mi terms usually lose"};
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, 64),
             matches(finished(attended(row, 0, row.kv_len())), tolerance));
  CHECK_THAT(evidence(), workspace_at_most(24 << 10,
                                           "64 logits and a few numbers are less than 1 KiB; the logits of all 3 Mi "
                                           "keys are 12 MiB. Of past chunks only max, sum and weighted "
                                           "stay, so memory does not grow with the row"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; the row's logits would be 12 MiB");
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
  CHECK_THROWS_AS(student<one_pass_attention>(row.q, row.k, row.v, chunk), std::invalid_argument);
}
