#include "one_pass.h"
#include "rows.h"

using namespace workbook;
using namespace workbook::online_softmax;

// Hint: the difference of two maxima may be larger than any float. Which exponents can you be asked for?
TEST_CASE("the largest floats merge too", "[hidden][merge][1pt]") {
  const Normalizer low{.max = -3e38f, .sum = 2}, high{.max = 3e38f, .sum = 3};
  for (const auto& [a, b] : {std::pair(low, high), std::pair(high, low), std::pair(high, high), std::pair(low, low)})
    check_step(student<merge>(a, b), exactly(a), exactly(b), 6);
}

// Hint: rows get very long. How does the rounding of each step add up?
TEST_CASE("a long row, key by key", "[hidden][extend][1pt]") {
  auto row = random_logits(500, 0, 100);
  if (GENERATE(false, true)) std::ranges::sort(row);
  Normalizer seen;
  for (const float& x : row) seen = student<extend>(seen, Logits(&x, 1));
  const Part whole = part_of(row);
  CHECK_THAT(seen.max, matches(whole.max, max_tolerance()));
  CHECK_THAT(seen.sum, matches(whole.sum, sum_tolerance(500, 500)));
}

// Hint: a part need not come from your own code. What does a maximum, a sum and a weighted sum promise?
TEST_CASE("a finished result is a part as well", "[hidden][merge_attention][1pt]") {
  // softmax(x) v and log-sum-exp are a part that looks like one key: logit lse, value out. Lesson 08 returns those.
  const Row row = random_row(20, 8);
  const Part first = attended(row, 0, 9), second = attended(row, 9, 11), whole = attended(row, 0, 20);
  const PartialAttention done{static_cast<float>(first.max + std::log(first.sum)), 1, to_float(finished(first))};
  const PartialAttention got = student<merge_attention>(done, rounded_attention(second));
  Part as_part{.weighted = to_double(got.weighted)};
  as_part.sum = got.sum;
  CHECK_THAT(finished(as_part), matches(finished(whole), attention_tolerance(whole, row, 4)));
  CHECK_THAT(got.max + std::log(got.sum),
             matches(whole.max + std::log(whole.sum), {weight_error(row, 20, 4) + 1e-6, 0, "log-sum-exp"}));
}

// Hint: the last chunk may be short, and a chunk may be longer than the row.
TEST_CASE("any row, any chunk", "[hidden][one_pass_attention][2pt]") {
  for (int i = 0; i < 12; ++i) {
    const Row row = random_row(random_integer(1, 90), random_integer(1, 40), i % 3 == 0 ? 20 : 2);
    const int chunk = static_cast<int>(random_integer(1, 100));
    CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, chunk), matches_row(row, chunk));
  }
}

// Hint: a NaN in any key must reach the result, whichever chunk holds it.
TEST_CASE("attention reaches NaN through every chunk", "[hidden][one_pass_attention][1pt]") {
  Row row = random_row(9, 4);
  row.k.at(GENERATE(0, 4, 8), 1) = std::nanf("");
  CHECK_THAT(student<one_pass_attention>(row.q, row.k, row.v, 4),
             matches(Tensor({1, 4}, std::nanf("")), {0, 0, "NaN stays NaN"}));
}
