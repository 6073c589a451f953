#include "calls.h"
#include "expected.h"

using namespace workbook;
using namespace workbook::stable_softmax;

namespace {
constexpr std::uint64_t kFewRows = 96 << 10;  // of 16 KiB, in matrices of 1.75 MiB
}

TEST_CASE("naive_softmax needs no second copy of the matrix", "[advanced][naive_softmax][1pt]") {
  const Tensor x = random_normal({112, 4096});
  CHECK_THAT(student<naive_softmax>(x), matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1))));
  CHECK_THAT(evidence(),
             workspace_at_most(kFewRows,
                               "a few rows of 16 KiB. Exponentials of all rows would be 1.75 MiB, and a row "
                               "is finished before the next begins"));
}

TEST_CASE("softmax needs no second copy of the matrix", "[advanced][softmax][1pt]") {
  const Tensor x = random_large_logits({112, 4096});
  CHECK_THAT(student<softmax>(x), matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1))));
  CHECK_THAT(evidence(), workspace_at_most(kFewRows,
                                           "a few rows of 16 KiB. A second matrix would be 1.75 MiB, and a row is "
                                           "finished before the next begins"));
}

TEST_CASE("log_sum_exp needs no matrix at all", "[advanced][log_sum_exp][1pt]") {
  const Tensor x = random_large_logits({112, 4096});
  CHECK_THAT(student<log_sum_exp>(x), matches(oracle::log_sum_exp(x), logarithm_tolerance(x.dim(1))));
  CHECK_THAT(evidence(), workspace_at_most(kFewRows,
                                           "a few rows of 16 KiB. A matrix of exponentials would be 1.75 MiB, and "
                                           "each is needed only once, for its row's sum"));
}

TEST_CASE("log_softmax needs no second copy of the matrix", "[advanced][log_softmax][1pt]") {
  const Tensor x = random_large_logits({112, 4096});
  CHECK_THAT(student<log_softmax>(x), matches(oracle::log_softmax(x), logarithm_tolerance(x.dim(1))));
  CHECK_THAT(evidence(),
             workspace_at_most(kFewRows,
                               "a few rows of 16 KiB. A matrix of weights or exponentials would be 1.75 MiB, "
                               "and a row is finished before the next begins"));
}

TEST_CASE("a NaN or an infinite logit is not hidden", "[advanced][softmax][1pt]") {
  const std::int64_t column = GENERATE(0, 2, 4);
  SECTION("NaN") {
    const Tensor x = with_nan(column);
    CHECK_THAT(student<softmax>(x), are_weights(x));
  }
  SECTION("infinity") {
    Tensor x = random_normal({4, 5});
    x.at(1, column) = kInfinity;
    const Tensor got = student<softmax>(x);
    REQUIRE(got.shape() == x.shape());
    Tensor64 expected = oracle::softmax(x), one_hot = expected;
    one_hot.at(1, column) = 1;
    for (std::int64_t j = 0; j < 5; ++j)
      if (j != column) expected.at(1, j) = got.at(1, j);  // beside a +inf, both 0 and NaN will do
    CHECK_THAT(got, but_not_another_softmax(
                        matches(expected, oracle::softmax_rounding(5))
                            .but_not([&] { return one_hot; },
                                     "the +inf has weight 1. It is inf / inf, which is NaN. " + kNanMatters),
                        x));
  }
}

TEST_CASE("a NaN among the logits reaches log_sum_exp", "[advanced][log_sum_exp][1pt]") {
  Tensor x = with_nan(GENERATE(0, 2, 4));
  CHECK_THAT(student<log_sum_exp>(x), are_log_sums(x));
}

TEST_CASE("an infinite logit makes log_sum_exp infinite", "[advanced][log_sum_exp][1pt]") {
  Tensor x = random_normal({4, 5});
  x.at(1, 3) = x.at(2, 0) = x.at(2, 4) = kInfinity;
  CHECK_THAT(student<log_sum_exp>(x), are_log_sums(x));
}

TEST_CASE("a NaN among the logits makes its row of log_softmax NaN", "[advanced][log_softmax][1pt]") {
  const Tensor x = with_nan(GENERATE(0, 2, 4));
  CHECK_THAT(student<log_softmax>(x), are_log_weights(x));
}

TEST_CASE("log_sum_exp of no logits is -inf", "[advanced][log_sum_exp][1pt]") {
  const Tensor x(GENERATE(Shape{4, 0}, Shape{0, 5}, Shape{0, 0}));
  CHECK_THAT(student<log_sum_exp>(x),
             matches(Tensor({x.dim(0)}, -kInfinity), same_bits("the logarithm of an empty sum"))
                 .but_not([&] { return Tensor({x.dim(0)}); },
                          "rows without logits gave 0, which is the log-sum-exp of one logit 0. The logarithm of an "
                          "empty sum is -inf"));
}

TEST_CASE("a log_sum_exp knows nothing of the calls before", "[advanced][log_sum_exp][1pt]") {
  check_calls([](const Tensor& x) { return student<log_sum_exp>(x); }, are_log_sums, log_sum_exp_by);
}

TEST_CASE("a log_softmax knows nothing of the calls before", "[advanced][log_softmax][1pt]") {
  check_calls([](const Tensor& x) { return student<log_softmax>(x); }, are_log_weights, log_softmax_by);
}

TEST_CASE("equal logits have equal shares, however low they are", "[advanced][log_softmax][1pt]") {
  const Tensor x = ever_lower_rows(4);
  CHECK_THAT(
      student<log_softmax>(x),
      but_not_another_log_softmax(
          but_not_a_sentinel(matches(Tensor(x.shape(), -std::log(4.f)), logarithm_tolerance(4)), x, log_softmax_by),
          x));
}

TEST_CASE("adding 1000 to every logit leaves log_softmax alone", "[advanced][log_softmax][1pt]") {
  const Tensor x = on_a_grid(GENERATE(Shape{1, 2}, Shape{5, 11}, Shape{3, 127}));
  const Tensor before = student<log_softmax>(x);
  CHECK_THAT(before, are_log_weights(x));
  const Tensor raised = plus(x, GENERATE(1000.f, -1000.f));
  CHECK_THAT(student<log_softmax>(raised),
             but_not_another_log_softmax(
                 matches(before, same_bits("the differences between the logits are the same floats")), raised));
}
