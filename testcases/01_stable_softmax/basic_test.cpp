#include "common/checker/student.h"
#include "common/oracle/softmax.h"
#include "rows.h"
#include "tolerances.h"

using namespace workbook;
using namespace workbook::stable_softmax;

namespace {
const std::string kNothingTakenOff =
    "nothing was taken off the logits: exp() is inf above 88.72 and loses its bits, then everything, below -87. The "
    "quotient is inexact, or inf / inf, or 0 / 0. Dividing both by exp(m), m the row's maximum, leaves it as it was";
const std::string kExpOfEigen =
    "exp(-inf) is not 0 here: Eigen's exp() of arrays ends at exp(-88.7) = 3e-39, and a masked row becomes a quotient "
    "of "
    "such crumbs. std::exp gives 0";
const std::string kMaximumFromZero =
    "all is wrong where the logits are negative: does your running maximum start at 0? The maximum of no numbers is "
    "-inf";
const std::string kAlongTheRow =
    "these are softmaxes of the columns. Each row is one query's logits: add along the row";
}  // namespace

TEST_CASE("naive_softmax is the textbook formula", "[basic][naive_softmax][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1, 1}, Shape{3, 5}, Shape{7, 131}), 3);
  CHECK_THAT(student<naive_softmax>(x), matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1)))
                                            .but_not([&] { return wrong::over_columns(x); }, kAlongTheRow));
}

TEST_CASE("naive_softmax breaks where float does", "[basic][naive_softmax][1pt]") {
  Tensor x;
  SECTION("one exponential overflows") { x = Tensor({1, 3}, {87, 88, 89}); }
  SECTION("only their sum overflows") { x = Tensor({1, 2}, {88.5, 88.5}); }
  SECTION("all exponentials underflow") { x = Tensor({1, 2}, {-200, -201}); }
  SECTION("all is masked") { x = Tensor({1, 2}, {-kInfinity, -kInfinity}); }
  CHECK_THAT(
      student<naive_softmax>(x),
      matches(wrong::unshifted(x), same_bits("only 0 and NaN"))
          .but_not([&] { return oracle::softmax(x); },
                   "that is the true softmax, and here it is too good: naive_softmax is the baseline that has to "
                   "break. Take nothing off, add in float, and keep the cure for TODO(2)"));
}

TEST_CASE("softmax agrees with the formula", "[basic][softmax][1pt]") {
  const Shape shape = GENERATE(Shape{1, 1}, Shape{1, 7}, Shape{7, 13}, Shape{13, 257});
  const Tensor x = GENERATE(false, true) ? random_outliers(shape) : random_normal(shape);
  CHECK_THAT(student<softmax>(x), matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1)))
                                      .but_not([&] { return wrong::over_columns(x); }, kAlongTheRow)
                                      .but_not([&] { return wrong::unshifted(x); }, kNothingTakenOff));
}

TEST_CASE("adding 1000 to every logit changes nothing", "[basic][softmax][2pt]") {
  const Tensor x = on_a_grid(GENERATE(Shape{1, 2}, Shape{5, 11}, Shape{3, 127}));
  const Tensor before = student<softmax>(x);
  CHECK_THAT(before, matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1))));
  const Tensor raised = plus(x, GENERATE(1000.f, -1000.f));
  // The additions were exact, so the logits less their maximum are the very same floats.
  CHECK_THAT(student<softmax>(raised),
             matches(before, same_bits("the differences between the logits are the same floats"))
                 .but_not([&] { return wrong::unshifted(raised); }, kNothingTakenOff)
                 .but_not([&] { return wrong::exp_of_difference_to_log_sum_exp(raised); },
                          "right idea, wrong order: the log-sum-exp of this row is near 1000, where floats are 6e-5 "
                          "apart, and exp(x - lse) turns that rounding into the error you see. Take off the maximum, "
                          "which is a logit and therefore exact, and divide by the sum")
                 .but_not([&] { return wrong::maximum_starting_at_zero(raised, true); }, kMaximumFromZero)
                 .but_not([&] { return wrong::maximum_starting_at_zero(raised, false); }, kMaximumFromZero));
}

TEST_CASE("every row has its own shift", "[basic][softmax][1pt]") {
  const Tensor x = random_large_logits(GENERATE(Shape{2, 3}, Shape{17, 31}), GENERATE(500.f, 50'000.f));
  const std::string own_maximum =
      "rows far below the largest logit of the matrix underflow to 0: was the maximum taken over the whole matrix? "
      "A row is shifted by its own largest logit";
  CHECK_THAT(
      student<softmax>(x),
      matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1)))
          .but_not([&] { return wrong::unshifted(x); }, kNothingTakenOff)
          .but_not([&] { return wrong::shifted_by_largest_of_all(x, true); }, own_maximum)
          .but_not([&] { return wrong::shifted_by_largest_of_all(x, false); }, own_maximum)
          .but_not([&] { return wrong::maximum_starting_at_zero(x, true); }, kMaximumFromZero)
          .but_not([&] { return wrong::maximum_starting_at_zero(x, false); }, kMaximumFromZero)
          .but_not([&] { return wrong::exp_of_difference_to_log_sum_exp(x); },
                   "exp(x - lse): the log-sum-exp of a large row is rounded, and exp() makes that error relative. "
                   "Take off the maximum, which is exact, and divide by the sum"));
}

TEST_CASE("the shift is the largest logit, wherever it stands", "[basic][softmax][1pt]") {
  Tensor x = plus(random_normal({5, 19}), 500);
  const std::int64_t column = GENERATE(0, 9, 18);
  for (std::int64_t i = 0; i < x.dim(0); ++i) x.at(i, column) = 1000;
  CHECK_THAT(student<softmax>(x),
             matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1)))
                 .but_not([&] { return wrong::unshifted(x); }, kNothingTakenOff)
                 .but_not([&] { return wrong::shifted_by_first_logit(x); },
                          "each row was shifted by its first logit. Any shift is right on paper; in float only the "
                          "largest keeps every exponential at 1 or below"));
}

TEST_CASE("a single logit has weight one", "[basic][softmax][1pt]") {
  const Tensor x = random_large_logits({5, 1});
  const Tensor got = student<softmax>(x);
  const std::string no_epsilon =
      "almost 1: something small was added to the sum to keep it from being 0. The largest exponential is 1, so the "
      "sum "
      "of a row is never below 1, unless all is masked; treat that case by itself and leave the others exact";
  CHECK_THAT(got, matches(Tensor(x.shape(), 1), same_bits("exp(0) / exp(0)"))
                      .but_not([&] { return wrong::unshifted(x); }, kNothingTakenOff)
                      .but_not([&] { return wrong::with_epsilon(x, 1e-5f); }, no_epsilon)
                      .but_not([&] { return wrong::with_epsilon(x, 1e-6f); }, no_epsilon)
                      .but_not([&] { return wrong::with_epsilon(x, 1e-7f); }, no_epsilon));
}

TEST_CASE("a masked entry weighs nothing, a masked row is zeros", "[basic][softmax][1pt]") {
  const Tensor x = with_masked_entries_and_rows(random_large_logits(GENERATE(Shape{1, 1}, Shape{1, 5}, Shape{7, 23})));
  CHECK_THAT(student<softmax>(x),
             matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1)))
                 .but_not([&] { return wrong::shifted_by_minus_infinity(x); },
                          "fully masked rows are NaN. Two roads lead there: the maximum is -inf, and -inf - (-inf) is "
                          "NaN; or every exponential is 0, and 0 / 0 is NaN. Shift such a row by something finite, and "
                          "don't divide by a sum of 0: a query that may look at nothing gets weights 0")
                 .but_not([&] { return wrong::unshifted(x); }, kNothingTakenOff)
                 .but_not([&] { return wrong::shifted_in_eigen(x); }, kExpOfEigen)
                 .but_not([&] { return wrong::masked_rows_uniform(x); },
                          "fully masked rows came out uniform: a query that may look at nothing now looks at "
                          "everything alike, at keys it must not see. Its weights are 0"));
}

TEST_CASE("log_sum_exp agrees with the formula", "[basic][log_sum_exp][1pt]") {
  const Shape shape = GENERATE(Shape{1, 2}, Shape{7, 13}, Shape{3, 1021});
  const Tensor x = GENERATE(false, true) ? random_outliers(shape) : random_normal(shape);
  CHECK_THAT(student<log_sum_exp>(x),
             matches(oracle::log_sum_exp(x), logarithm_tolerance(x.dim(1)))
                 .but_not([&] { return wrong::reduce(x, [](auto row) { return wrong::largest(row); }); },
                          "this is the maximum alone. The other logits add log(sum of exp(x - m)), up to log(cols)"));
}

TEST_CASE("log_sum_exp of a single logit is that logit", "[basic][log_sum_exp][1pt]") {
  const Tensor x = random_large_logits({5, 1});
  CHECK_THAT(student<log_sum_exp>(x), matches(x.reshaped({5}), same_bits("m + log(1)")));
}

TEST_CASE("adding 1000 to every logit adds 1000 to log_sum_exp", "[basic][log_sum_exp][1pt]") {
  const Tensor x = on_a_grid(GENERATE(Shape{1, 2}, Shape{5, 11}));
  const float offset = GENERATE(1000.f, -1000.f);
  const Tensor raised = plus(x, offset);
  Tensor64 expected = oracle::log_sum_exp(x);
  for (double& value : expected.values()) value += offset;
  CHECK_THAT(
      student<log_sum_exp>(raised),
      matches(expected, logarithm_tolerance(x.dim(1)))
          .but_not([&] { return oracle::log_sum_exp(x); },
                   "the 1000 is gone: what was taken off the logits has to be added back after the logarithm")
          .but_not(
              [&] {
                return wrong::reduce(
                    raised, [](auto row) { return std::log(wrong::sum_of_exponentials(row, wrong::largest(row))); });
              },
              "the maximum was taken off and never added back: log(sum of exp(x)) = m + log(sum of exp(x - m))")
          .but_not(
              [&] {
                return wrong::reduce(raised, [](auto row) { return std::log(wrong::sum_of_exponentials(row, 0)); });
              },
              "infinite: the sum of exponentials itself does not fit in a float. Take the maximum off first, "
              "and add it back after the logarithm"));
}

TEST_CASE("log_sum_exp of a masked row is -inf", "[basic][log_sum_exp][1pt]") {
  const Tensor x = with_masked_entries_and_rows(random_large_logits(GENERATE(Shape{1, 1}, Shape{7, 23})));
  const auto if_masked = [&](float value) {
    return wrong::reduce(
        x, [value](auto row) { return wrong::largest(row) == -kInfinity ? value : wrong::rounded_log_sum_exp(row); });
  };
  CHECK_THAT(student<log_sum_exp>(x),
             matches(oracle::log_sum_exp(x), logarithm_tolerance(x.dim(1)))
                 .but_not([&] { return if_masked(std::nanf("")); },
                          "fully masked rows are NaN: their maximum is -inf, and -inf - (-inf) is NaN. With a finite "
                          "shift in its place the sum is 0 and log(0) is the -inf that is wanted")
                 .but_not([&] { return wrong::log_sum_exp_in_eigen(x); }, kExpOfEigen)
                 .but_not([&] { return if_masked(0); },
                          "fully masked rows gave 0, which is the log-sum-exp of a row with one logit 0. A row without "
                          "any has -inf: merging it with another must change nothing")
                 .but_not([&] { return if_masked(std::numeric_limits<float>::lowest()); },
                          "fully masked rows gave the lowest finite float. Start the maximum at -inf instead"));
}

TEST_CASE("log_softmax is finite where softmax is 0", "[basic][log_softmax][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1, 1}, Shape{2, 3}, Shape{7, 29}), 200);
  CHECK_THAT(student<log_softmax>(x),
             matches(oracle::log_softmax(x), logarithm_tolerance(x.dim(1)))
                 .but_not([&] { return wrong::log_of_softmax(x); },
                          "this is log(softmax(x)): the softmax has already underflowed to 0, and log(0) is -inf. Take "
                          "the logarithm of the quotient on paper first, and the exponential disappears"));
}

TEST_CASE("log_softmax of masked entries and rows is -inf", "[basic][log_softmax][1pt]") {
  const Tensor x = with_masked_entries_and_rows(random_normal(GENERATE(Shape{1, 1}, Shape{7, 23})));
  CHECK_THAT(student<log_softmax>(x),
             matches(oracle::log_softmax(x), logarithm_tolerance(x.dim(1)))
                 .but_not([&] { return wrong::difference_to_log_sum_exp(x); },
                          "fully masked rows are NaN: there x and log_sum_exp are both -inf, and -inf - (-inf) is NaN. "
                          "Their weights are 0, whose logarithm is -inf"));
}
