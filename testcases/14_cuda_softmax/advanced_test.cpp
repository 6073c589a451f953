#include "meter.h"
#include "softmax.h"

using namespace workbook;
using namespace workbook::cuda_softmax;

TEST_CASE("one launch, there and back once", "[advanced][scaled][1pt]") {
  const Tensor x = random_normal({1000});
  check_scaled(x, 2);
  check_copies(x);
}

TEST_CASE("each element is written once", "[advanced][scaled][1pt]") {
  const Tensor x = random_normal({1000});
  check_scaled(x, 2);
  CHECK_THAT(device(), loads_at_most(3 * bytes_of(x), "an element is read at most three times, and once would do"));
  CHECK_THAT(device(), stores_at_most(bytes_of(x), "an element is written once, with its final value"));
}

TEST_CASE("memory that does not fit is an error that is thrown", "[advanced][scaled][1pt]") {
  check_that_no_memory_is_an_error();
}

TEST_CASE("no elements need no launch", "[advanced][scaled][1pt]") {
  const Tensor x(GENERATE(Shape{0}, Shape{0, 5}, Shape{3, 0}));
  CHECK_THAT(student<scaled>(x, 2), matches(x, exact()));
}

TEST_CASE("thread per row: rows of any height, masked rows", "[advanced][softmax_thread_per_row][1pt]") {
  const Tensor x = random_large_logits({37, 23});
  check_softmax<softmax_thread_per_row>(GENERATE(false, true) ? with_masked_entries_and_rows(x) : x);
}

TEST_CASE("block per row: rows of any height, masked rows", "[advanced][softmax_block_per_row][1pt]") {
  const Tensor x = random_large_logits({7, 203});
  check_softmax<softmax_block_per_row>(GENERATE(false, true) ? with_masked_entries_and_rows(x) : x);
}

TEST_CASE("warp per row: rows of any height, masked rows", "[advanced][softmax_warp_per_row][1pt]") {
  const Tensor x = random_large_logits({11, 71});
  check_softmax<softmax_warp_per_row>(GENERATE(false, true) ? with_masked_entries_and_rows(x) : x);
}

TEST_CASE("block per row: no two threads meet in a bank", "[advanced][softmax_block_per_row][1pt]") {
  const Tensor x = random_normal({3, 200});
  check_softmax<softmax_block_per_row>(x);
  check_banks();
  check_barriers(x.dim(0));
}

TEST_CASE("warp per row: shuffles alone", "[advanced][softmax_warp_per_row][1pt]") {
  const Tensor x = random_normal({8, 100});
  check_softmax<softmax_warp_per_row>(x);
  check_shuffles(x.dim(0));
}

TEST_CASE("the last element of a row may be the largest", "[advanced][softmax_warp_per_row][1pt]") {
  Tensor x = plus(random_normal({5, 97}), 500);
  const std::int64_t column = GENERATE(0, 31, 32, 96);
  for (std::int64_t i = 0; i < x.dim(0); ++i) x.at(i, column) = 1000;
  check_softmax<softmax_warp_per_row>(x);
}

TEST_CASE("thread per row: no rows and no columns are no trouble", "[advanced][softmax_thread_per_row][1pt]") {
  check_softmax<softmax_thread_per_row>(Tensor(GENERATE(Shape{0, 5}, Shape{3, 0}, Shape{0, 0})));
}

TEST_CASE("block per row: no rows and no columns are no trouble", "[advanced][softmax_block_per_row][1pt]") {
  check_softmax<softmax_block_per_row>(Tensor(GENERATE(Shape{0, 5}, Shape{3, 0}, Shape{0, 0})));
}

TEST_CASE("warp per row: no rows and no columns are no trouble", "[advanced][softmax_warp_per_row][1pt]") {
  check_softmax<softmax_warp_per_row>(Tensor(GENERATE(Shape{0, 5}, Shape{3, 0}, Shape{0, 0})));
}

TEST_CASE("thread per row: a NaN makes its row NaN", "[advanced][softmax_thread_per_row][1pt]") {
  check_softmax<softmax_thread_per_row>(with_a_nan(random_normal({5, 40}), GENERATE(0, 39)));
}

TEST_CASE("block per row: a NaN makes its row NaN", "[advanced][softmax_block_per_row][1pt]") {
  check_softmax<softmax_block_per_row>(with_a_nan(random_normal({5, 140}), GENERATE(0, 77, 139)));
}

TEST_CASE("warp per row: a NaN makes its row NaN", "[advanced][softmax_warp_per_row][1pt]") {
  check_softmax<softmax_warp_per_row>(with_a_nan(random_normal({5, 40}), GENERATE(0, 17, 39)));
}
