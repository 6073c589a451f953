#include "indices.h"
#include "meter.h"
#include "softmax.h"

using namespace workbook;
using namespace workbook::cuda_softmax;

namespace {
constexpr int kMost = std::numeric_limits<int>::max();
}

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

TEST_CASE("the second allocation may be refused as well", "[advanced][scaled][1pt]") {
  CHECK_THAT([&] { student<scaled>(random_normal({5}), 2.f); }, throws_if_allocation_is_refused(2));
}

TEST_CASE("a launch that is refused is an error that is thrown", "[advanced][scaled][1pt]") {
  CHECK_THAT([&] { student<scaled>(random_normal({5}), 2.f); }, throws_if_launch_is_refused());
}

TEST_CASE("no elements need no launch", "[advanced][scaled][1pt]") {
  const Tensor x(GENERATE(Shape{0}, Shape{0, 5}, Shape{3, 0}));
  CHECK_THAT(student<scaled>(x, 2), matches(x, exact()));
}

TEST_CASE("what is not an ordinary number is multiplied, too", "[advanced][scaled][1pt]") {
  const Tensor x({8}, {kInfinity, -kInfinity, kNan, 0, -0.f, 1e-38f, 3e38f, -1});
  check_scaled(x, GENERATE(0, 1, -2.f, kInfinity));
}

TEST_CASE("a second call has elements of its own", "[advanced][scaled][1pt]") {
  const Tensor before = check_scaled(random_normal({70}), 3), x = random_normal({70});
  CHECK_THAT(student<scaled>(x, 3), is_scaled(x, 3).but_not([=] { return before; }, kOfTheCallBefore));
}

TEST_CASE("rows are counted to the last one that an int can name", "[advanced][walk][1pt]") {
  const auto [mapping, block] = GENERATE(table<Mapping, int>({{Mapping::thread_per_row, (1 << 24) - 1},
                                                              {Mapping::block_per_row, kMost},
                                                              {Mapping::warp_per_row, (1 << 24) + 1},
                                                              {Mapping::warp_per_row, 1 << 25},
                                                              {Mapping::warp_per_row, (1 << 29) - 1}}));
  const int thread = GENERATE(0, 77, kBlock - 1);
  CHECK_THAT(as_numbers(student<walk>(mapping, block, thread)), is_walk(mapping, block, thread));
}

TEST_CASE("thread per row: rows of any height, masked rows", "[advanced][softmax_thread_per_row][1pt]") {
  const Tensor x = large_logits({37, 23});
  check_softmax<softmax_thread_per_row>(GENERATE(false, true) ? with_masked_entries_and_rows(x) : x);
}

TEST_CASE("block per row: rows of any height, masked rows", "[advanced][softmax_block_per_row][1pt]") {
  const Tensor x = large_logits({13, 203});
  check_softmax<softmax_block_per_row>(GENERATE(false, true) ? with_masked_entries_and_rows(x) : x);
}

TEST_CASE("warp per row: rows of any height, masked rows", "[advanced][softmax_warp_per_row][1pt]") {
  const Tensor x = large_logits({11, 71});
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

TEST_CASE("thread per row: no rows and no columns are no trouble", "[advanced][softmax_thread_per_row][1pt]") {
  check_softmax<softmax_thread_per_row>(Tensor(GENERATE(Shape{0, 5}, Shape{3, 0}, Shape{0, 0})));
}

TEST_CASE("block per row: no rows and no columns are no trouble", "[advanced][softmax_block_per_row][1pt]") {
  check_softmax<softmax_block_per_row>(Tensor(GENERATE(Shape{0, 5}, Shape{3, 0}, Shape{0, 0})));
}

TEST_CASE("warp per row: no rows and no columns are no trouble", "[advanced][softmax_warp_per_row][1pt]") {
  check_softmax<softmax_warp_per_row>(Tensor(GENERATE(Shape{0, 5}, Shape{3, 0}, Shape{0, 0})));
}

TEST_CASE("thread per row: rows of any length, and any number of them", "[advanced][softmax_thread_per_row][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1100, 3}, Shape{2, 1030}, Shape{1, 5000}));
  check_softmax<softmax_thread_per_row>(x);
  check_launch(x);
}

TEST_CASE("thread per row: the largest logit may stand anywhere", "[advanced][softmax_thread_per_row][1pt]") {
  check_softmax<softmax_thread_per_row>(with_a_peak(random_normal({5, 97}), GENERATE(0, 1, 96)));
}

TEST_CASE("thread per row: logits may be as low as floats go", "[advanced][softmax_thread_per_row][1pt]") {
  check_softmax<softmax_thread_per_row>(low_rows(37));
}

TEST_CASE("thread per row: a row of one logit has a weight of exactly 1", "[advanced][softmax_thread_per_row][1pt]") {
  check_one_column<softmax_thread_per_row>();
}

TEST_CASE("thread per row: a NaN makes its row NaN", "[advanced][softmax_thread_per_row][1pt]") {
  check_softmax<softmax_thread_per_row>(with_nans(random_normal({6, 37}), GENERATE(0, 36)));
}

TEST_CASE("thread per row: +inf is not hidden", "[advanced][softmax_thread_per_row][1pt]") {
  check_infinity<softmax_thread_per_row>(random_normal({5, 37}), GENERATE(0, 36));
}

TEST_CASE("thread per row: a second call has logits of its own", "[advanced][softmax_thread_per_row][1pt]") {
  check_two_calls<softmax_thread_per_row>(random_normal({5, 37}), random_normal({5, 37}, 3));
}

TEST_CASE("block per row: rows of any length, and any number of them", "[advanced][softmax_block_per_row][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{140, 3}, Shape{2, 1030}, Shape{1, 5000}));
  check_softmax<softmax_block_per_row>(x);
  check_launch(x);
}

TEST_CASE("block per row: the largest logit may stand anywhere", "[advanced][softmax_block_per_row][1pt]") {
  check_softmax<softmax_block_per_row>(with_a_peak(random_normal({5, 300}), GENERATE(0, 126, 128, 299)));
}

TEST_CASE("block per row: logits may be as low as floats go", "[advanced][softmax_block_per_row][1pt]") {
  check_softmax<softmax_block_per_row>(low_rows(140));
}

TEST_CASE("block per row: a row of one logit has a weight of exactly 1", "[advanced][softmax_block_per_row][1pt]") {
  check_one_column<softmax_block_per_row>();
}

TEST_CASE("block per row: a NaN makes its row NaN", "[advanced][softmax_block_per_row][1pt]") {
  check_softmax<softmax_block_per_row>(with_nans(random_normal({6, 140}), GENERATE(0, 77, 139)));
}

TEST_CASE("block per row: +inf is not hidden", "[advanced][softmax_block_per_row][1pt]") {
  check_infinity<softmax_block_per_row>(random_normal({5, 140}), GENERATE(0, 77, 139));
}

TEST_CASE("block per row: a second call has logits of its own", "[advanced][softmax_block_per_row][1pt]") {
  check_two_calls<softmax_block_per_row>(random_normal({5, 140}), random_normal({5, 140}, 3));
}

TEST_CASE("warp per row: rows of any length, and any number of them", "[advanced][softmax_warp_per_row][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{530, 3}, Shape{2, 1030}, Shape{1, 5000}));
  check_softmax<softmax_warp_per_row>(x);
  check_launch(x);
}

TEST_CASE("warp per row: the largest logit may stand anywhere", "[advanced][softmax_warp_per_row][1pt]") {
  check_softmax<softmax_warp_per_row>(with_a_peak(random_normal({5, 97}), GENERATE(0, 31, 32, 96)));
}

TEST_CASE("warp per row: logits may be as low as floats go", "[advanced][softmax_warp_per_row][1pt]") {
  check_softmax<softmax_warp_per_row>(low_rows(37));
}

TEST_CASE("warp per row: a row of one logit has a weight of exactly 1", "[advanced][softmax_warp_per_row][1pt]") {
  check_one_column<softmax_warp_per_row>();
}

TEST_CASE("warp per row: a NaN makes its row NaN", "[advanced][softmax_warp_per_row][1pt]") {
  check_softmax<softmax_warp_per_row>(with_nans(random_normal({6, 37}), GENERATE(0, 17, 36)));
}

TEST_CASE("warp per row: +inf is not hidden", "[advanced][softmax_warp_per_row][1pt]") {
  check_infinity<softmax_warp_per_row>(random_normal({5, 37}), GENERATE(0, 17, 36));
}

TEST_CASE("warp per row: a second call has logits of its own", "[advanced][softmax_warp_per_row][1pt]") {
  check_two_calls<softmax_warp_per_row>(random_normal({5, 37}), random_normal({5, 37}, 3));
}

TEST_CASE("thread per row: what CUDA refuses is an error that is thrown", "[advanced][softmax_thread_per_row][1pt]") {
  check_refusals<softmax_thread_per_row>();
}

TEST_CASE("block per row: what CUDA refuses is an error that is thrown", "[advanced][softmax_block_per_row][1pt]") {
  check_refusals<softmax_block_per_row>();
}

TEST_CASE("warp per row: what CUDA refuses is an error that is thrown", "[advanced][softmax_warp_per_row][1pt]") {
  check_refusals<softmax_warp_per_row>();
}
