#include "common/checker/student.h"
#include "common/oracle/softmax.h"
#include "rows.h"
#include "tolerances.h"

using namespace workbook;
using namespace workbook::stable_softmax;

namespace {
constexpr std::uint64_t kFewRows = 96 << 10;  // of 16 KiB, in matrices of 12 MiB
}

TEST_CASE("softmax needs no second copy of the matrix", "[advanced][softmax][1pt]") {
  const Tensor x = random_large_logits({768, 4096});
  CHECK_THAT(student<softmax>(x), matches(oracle::softmax(x), oracle::softmax_rounding(x.dim(1))));
  CHECK_THAT(evidence(), workspace_at_most(kFewRows,
                                           "a few rows of 16 KiB. A second matrix would be 12 MiB, and a row is "
                                           "finished before the next begins"));
}

TEST_CASE("log_sum_exp needs no matrix at all", "[advanced][log_sum_exp][1pt]") {
  const Tensor x = random_large_logits({768, 4096});
  CHECK_THAT(student<log_sum_exp>(x), matches(oracle::log_sum_exp(x), logarithm_tolerance(x.dim(1))));
  CHECK_THAT(evidence(), workspace_at_most(kFewRows,
                                           "a few rows of 16 KiB. A matrix of exponentials would be 12 MiB, and "
                                           "each is needed only once, for its row's sum"));
}

TEST_CASE("a NaN or an infinite logit is not hidden", "[advanced][softmax][1pt]") {
  const float nan = std::nanf("");
  const std::int64_t column = GENERATE(0, 2, 4);
  Tensor x = random_normal({5, 5});
  for (std::int64_t j = 0; j < 5; ++j) x.at(1, j) = -kInfinity;  // the others of the row masked
  x.at(1, column) = nan;
  x.at(2, column) = nan;
  x.at(4, column) = kInfinity;
  const Tensor got = student<softmax>(x);
  const std::string reason =
      "A NaN or +inf in the scores is a bug upstream. If softmax turns it into zeros or ones, nobody will ever find it";
  REQUIRE(got.shape() == x.shape());
  Tensor64 expected = oracle::softmax(x);
  for (std::int64_t j = 0; j < 5; ++j)
    if (j != column) expected.at(4, j) = got.at(4, j);  // beside a +inf, both 0 and NaN will do
  CHECK_THAT(got, matches(expected, oracle::softmax_rounding(5))
                      .but_not(
                          [&] {
                            return wrong::map(x, [&](auto row, float value) {
                              const float m = wrong::largest(row);
                              return std::isfinite(m) ? std::exp(value - m) / wrong::sum_of_exponentials(row, m) : 0;
                            });
                          },
                          "a row whose maximum is not finite became zeros, as if it were masked. " + reason)
                      .but_not(
                          [&] {
                            return wrong::map(x, [&](auto row, float value) {
                              const float m = wrong::largest(row);
                              return m == -kInfinity ? 0 : std::exp(value - m) / wrong::sum_of_exponentials(row, m);
                            });
                          },
                          "row 1 holds a NaN beside masked entries, and a maximum passes over NaN, so the row looked "
                          "masked. The sum of the exponentials knows better: ask whether that is 0. " +
                              reason));
}

TEST_CASE("log_sum_exp of no logits is -inf", "[advanced][log_sum_exp][1pt]") {
  const Tensor x(GENERATE(Shape{4, 0}, Shape{0, 5}, Shape{0, 0}));
  CHECK_THAT(student<log_sum_exp>(x),
             matches(Tensor({x.dim(0)}, -kInfinity), same_bits("the logarithm of an empty sum")));
}

TEST_CASE("adding 1000 to every logit leaves log_softmax alone", "[advanced][log_softmax][1pt]") {
  const Tensor x = on_a_grid(GENERATE(Shape{1, 2}, Shape{5, 11}, Shape{3, 127}));
  const Tensor before = student<log_softmax>(x);
  CHECK_THAT(before, matches(oracle::log_softmax(x), logarithm_tolerance(x.dim(1))));
  const Tensor raised = plus(x, GENERATE(1000.f, -1000.f));
  CHECK_THAT(student<log_softmax>(raised),
             matches(before, same_bits("the differences between the logits are the same floats"))
                 .but_not([&] { return wrong::difference_to_log_sum_exp(raised); },
                          "this is x - log_sum_exp(x). Near 1000 floats are 6e-5 apart, so adding log(sum) to m has "
                          "rounded most of it away. Subtract m from x first, then log(sum): m never needs to meet it"));
}
