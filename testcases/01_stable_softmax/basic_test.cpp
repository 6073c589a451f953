#include "calls.h"
#include "expected.h"

using namespace workbook;
using namespace workbook::stable_softmax;

TEST_CASE("naive_softmax is the textbook formula", "[basic][naive_softmax][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1, 1}, Shape{3, 5}, Shape{7, 131}, Shape{2, 1500}), 3);
  CHECK_THAT(student<naive_softmax>(x), are_weights(x));
}

TEST_CASE("naive_softmax breaks where float does", "[basic][naive_softmax][1pt]") {
  Tensor x;
  SECTION("one exponential overflows") { x = Tensor({1, 3}, {87, 88, 89}); }
  SECTION("only their sum overflows") { x = Tensor({1, 2}, {88.5, 88.5}); }
  SECTION("all exponentials underflow") { x = Tensor({1, 2}, {-200, -201}); }
  SECTION("all is masked") { x = Tensor({1, 2}, {-kInfinity, -kInfinity}); }
  const Matches breaks = matches(wrong::unshifted(x), same_bits("only 0 and NaN"));
  CHECK_THAT(
      student<naive_softmax>(x),
      Matches(breaks)
          .but_not([&] { return oracle::softmax(x); },
                   "that is the true softmax, and here it is too good: naive_softmax is the baseline that has to "
                   "break. Take nothing off, guard nothing, add in float, and keep the cure for TODO(2)")
          .but_not([&] { return Tensor(x.shape()); },
                   "zeros: was a sum of 0 or inf caught? naive_softmax is the baseline that has to break. Divide by "
                   "whatever the sum is, and keep the cure for TODO(2)"));
}

TEST_CASE("softmax agrees with the formula", "[basic][softmax][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{7, 13}, Shape{1, 7}, Shape{1, 1}, Shape{13, 257}));
  CHECK_THAT(student<softmax>(x), are_weights(x));
}

TEST_CASE("a few logits may be far larger than the others", "[basic][softmax][1pt]") {
  const Tensor x = random_outliers(GENERATE(Shape{7, 13}, Shape{13, 257}));
  CHECK_THAT(student<softmax>(x), are_weights(x));
}

TEST_CASE("adding 1000 to every logit changes nothing", "[basic][softmax][2pt]") {
  const Tensor x = on_a_grid(GENERATE(Shape{1, 2}, Shape{5, 11}, Shape{3, 127}));
  const Tensor before = student<softmax>(x);
  CHECK_THAT(before, are_weights(x));
  const Tensor raised = plus(x, 1000);
  // The additions were exact, so the logits less their maximum are the very same floats.
  CHECK_THAT(student<softmax>(raised),
             but_not_another_softmax(
                 matches(before, same_bits("the differences between the logits are the same floats")), raised));
}

TEST_CASE("rows at any height have the same weights", "[basic][softmax][1pt]") {
  const Tensor x = on_a_grid(GENERATE(Shape{6, 3}, Shape{11, 19}));
  const Tensor before = student<softmax>(x);
  REQUIRE_THAT(before, are_weights(x));
  const Tensor moved = at_all_heights(x), got = student<softmax>(moved);
  REQUIRE_THAT(got, are_weights(moved));
  CHECK_THAT(got, matches(before, same_bits("the differences between the logits are the same floats")));
}

TEST_CASE("every row has its own shift", "[basic][softmax][1pt]") {
  Tensor x = random_large_logits(GENERATE(Shape{7, 3}, Shape{17, 31}), GENERATE(500.f, 50'000.f));
  std::ranges::fill(x.row(1), 2.f);  // its largest size is its largest logit, and far below that of the matrix
  std::ranges::fill(x.row(2), 900.f);
  CHECK_THAT(student<softmax>(x), are_weights(x));
}

TEST_CASE("the shift is the largest logit, wherever it stands", "[basic][softmax][1pt]") {
  const Tensor x = with_one_logit_apart(19);
  CHECK_THAT(student<softmax>(x), are_weights(x));
}

TEST_CASE("rows of thousands of logits", "[basic][softmax][1pt]") {
  const Tensor x = long_rows(GENERATE(1031, 5003));
  CHECK_THAT(student<softmax>(x), are_weights(x));
}

TEST_CASE("a single logit has weight one", "[basic][softmax][1pt]") {
  const Tensor x = random_large_logits({5, 1});
  CHECK_THAT(student<softmax>(x),
             but_not_another_softmax(matches(Tensor(x.shape(), 1), same_bits("exp(0) / exp(0)")), x));
}

TEST_CASE("logits as low as floats go are no mask", "[basic][softmax][1pt]") {
  const Tensor x = ever_lower_rows(4);
  CHECK_THAT(student<softmax>(x),
             but_not_a_sentinel(matches(Tensor(x.shape(), 0.25f), same_bits("1 / (1 + 1 + 1 + 1)")), x, softmax_by));
}

TEST_CASE("a logit of 0 is a logit like any other", "[basic][softmax][1pt]") {
  const Tensor x({3, 4}, {0, 0, 0, 0, 0, -1, -2, 0, 1, 0, -kInfinity, 2});
  CHECK_THAT(student<softmax>(x), are_weights(x)
                                      .but_not([&] { return oracle::softmax(without_zeros(x)); },
                                               "logits of 0 were taken for masked: only -inf is a mask")
                                      .but_not([&] { return with_zeros_left_out(x); },
                                               "logits of 0 are missing from the sum: only -inf is a mask"));
}

TEST_CASE("a masked entry weighs nothing, a masked row is zeros", "[basic][softmax][1pt]") {
  const Tensor x = with_masked_entries_and_rows(random_large_logits(GENERATE(Shape{1, 1}, Shape{1, 5}, Shape{7, 23})));
  CHECK_THAT(student<softmax>(x), are_weights(x));
}

TEST_CASE("a softmax knows nothing of the calls before", "[basic][softmax][1pt]") {
  check_calls([](const Tensor& x) { return student<softmax>(x); }, are_weights, softmax_by);
}

TEST_CASE("log_sum_exp agrees with the formula", "[basic][log_sum_exp][1pt]") {
  const Shape shape = GENERATE(Shape{1, 2}, Shape{7, 13}, Shape{3, 1021});
  const Tensor x = GENERATE(false, true) ? random_outliers(shape) : random_normal(shape);
  CHECK_THAT(student<log_sum_exp>(x), are_log_sums(x));
}

TEST_CASE("log_sum_exp of a single logit is that logit", "[basic][log_sum_exp][1pt]") {
  const Tensor x = GENERATE(random_large_logits({5, 1}), ever_lower_rows(1));
  CHECK_THAT(student<log_sum_exp>(x),
             but_not_another_log_sum(
                 but_not_a_sentinel(matches(x.reshaped({x.dim(0)}), same_bits("m + log(1)")), x, log_sum_exp_by), x));
}

TEST_CASE("adding 1000 to every logit adds 1000 to log_sum_exp", "[basic][log_sum_exp][1pt]") {
  const Tensor x = on_a_grid(GENERATE(Shape{1, 2}, Shape{5, 11}));
  const float offset = GENERATE(1000.f, -1000.f);
  const Tensor raised = plus(x, offset);
  CHECK_THAT(student<log_sum_exp>(raised),
             are_log_sums(raised).but_not(
                 [&] { return oracle::log_sum_exp(x); },
                 "the 1000 is gone: what was taken off the logits has to be added back after the logarithm"));
}

TEST_CASE("log_sum_exp of rows at any height", "[basic][log_sum_exp][1pt]") {
  const Tensor x = GENERATE(at_all_heights(on_a_grid({11, 19})), with_one_logit_apart(19), long_rows(5003));
  CHECK_THAT(student<log_sum_exp>(x), are_log_sums(x));
}

TEST_CASE("log_sum_exp of a masked row is -inf", "[basic][log_sum_exp][1pt]") {
  const Tensor x = with_masked_entries_and_rows(random_large_logits(GENERATE(Shape{1, 1}, Shape{7, 23})));
  CHECK_THAT(student<log_sum_exp>(x), are_log_sums(x));
}

TEST_CASE("log_softmax is finite where softmax is 0", "[basic][log_softmax][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1, 1}, Shape{2, 3}, Shape{7, 29}), 200);
  CHECK_THAT(student<log_softmax>(x), are_log_weights(x));
}

TEST_CASE("log_softmax of rows at any height", "[basic][log_softmax][1pt]") {
  const Tensor x = GENERATE(at_all_heights(on_a_grid({11, 19})), with_one_logit_apart(19), long_rows(5003));
  CHECK_THAT(student<log_softmax>(x), are_log_weights(x));
}

TEST_CASE("log_softmax of masked entries and rows is -inf", "[basic][log_softmax][1pt]") {
  const Tensor x = with_masked_entries_and_rows(random_normal(GENERATE(Shape{1, 1}, Shape{7, 23})));
  CHECK_THAT(student<log_softmax>(x), are_log_weights(x));
}
