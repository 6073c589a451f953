#include "common/checker/student.h"
#include "common/oracle/softmax.h"
#include "rows.h"
#include "tolerances.h"

using namespace workbook;
using namespace workbook::stable_softmax;

// Hint: rows get very long. How does the rounding of your sums grow with the length?
TEST_CASE("rows as long as a context", "[hidden][softmax][1pt]") {
  const Tensor x = random_large_logits({2, 30'011}, 3000);
  CHECK_THAT(student<softmax>(x), matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1))));
  CHECK_THAT(student<log_sum_exp>(x), matches(oracle::log_sum_exp(x), logarithm_tolerance(x.dim(1))));
  CHECK_THAT(student<log_softmax>(x), matches(oracle::log_softmax(x), logarithm_tolerance(x.dim(1))));
}

// Hint: logits may be as large as floats get. What is the difference of the largest and the smallest float?
TEST_CASE("the largest floats are logits too", "[hidden][softmax][1pt]") {
  const Tensor x({4, 2}, {3e38f, -3e38f, 3e38f, 3e38f, -3e38f, -3e38f, -kInfinity, 3e38f});
  CHECK_THAT(student<softmax>(x),
             matches(Tensor({4, 2}, {1, 0, 0.5, 0.5, 0.5, 0.5, 0, 1}), same_bits("only sums of zeros and ones")));
  CHECK_THAT(student<log_sum_exp>(x), matches(oracle::log_sum_exp(x), logarithm_tolerance(2)));
}

// Hint: NaN and infinity are inputs as well. Does your maximum see a NaN wherever it stands?
TEST_CASE("NaN and infinity reach log_sum_exp", "[hidden][log_sum_exp][1pt]") {
  const float nan = std::nanf("");
  const Tensor x({6, 3}, {0, nan, 1, nan, -kInfinity, -kInfinity, -kInfinity, -kInfinity, nan, 0, kInfinity, 1,
                          kInfinity, -kInfinity, kInfinity, 1, 2, 3});
  CHECK_THAT(student<log_sum_exp>(x), matches(oracle::log_sum_exp(x), logarithm_tolerance(3)));
}

// Hint: a NaN in a row must not get lost. Does your maximum see it wherever it stands?
TEST_CASE("NaN reaches log_softmax", "[hidden][log_softmax][1pt]") {
  const float nan = std::nanf("");
  const Tensor x({4, 3}, {0, nan, 1, nan, -kInfinity, -kInfinity, -kInfinity, -kInfinity, nan, 1, 2, 3});
  CHECK_THAT(student<log_softmax>(x), matches(oracle::log_softmax(x), logarithm_tolerance(3)));
}

// Hint: an extent may be 0. Does your code read a first element that may not be there?
TEST_CASE("no rows and empty rows are no trouble", "[hidden][softmax][1pt]") {
  const Tensor x(GENERATE(Shape{4, 0}, Shape{0, 5}, Shape{0, 0}));
  CHECK_THAT(student<softmax>(x), matches(x, same_bits("there is nothing to compute")));
  CHECK_THAT(student<log_softmax>(x), matches(x, same_bits("there is nothing to compute")));
}
