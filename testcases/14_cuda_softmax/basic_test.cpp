#include "indices.h"
#include "meter.h"
#include "softmax.h"

using namespace workbook;
using namespace workbook::cuda_softmax;

TEST_CASE("every element is multiplied", "[basic][scaled][2pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1}, Shape{kBlock}, Shape{2, kBlock}, Shape{2, 2, 4, 16}));
  check_scaled(x, -2.5f);
}

TEST_CASE("the last block sticks out", "[basic][scaled][2pt]") {
  const Tensor x = random_normal(GENERATE(Shape{kBlock + 1}, Shape{1000}, Shape{7, 11, 13}, Shape{1031, kBlock}));
  check_scaled(x, 3);
}

TEST_CASE("who reads what, a thread for each row", "[basic][walk][1pt]") {
  const auto [block, thread] = GENERATE(table<int, int>({{0, 0}, {0, 5}, {0, 127}, {3, 77}}));
  CHECK_THAT(as_numbers(student<walk>(Mapping::thread_per_row, block, thread)),
             is_walk(Mapping::thread_per_row, block, thread));
}

TEST_CASE("who reads what, a block for each row", "[basic][walk][1pt]") {
  const auto [block, thread] = GENERATE(table<int, int>({{0, 0}, {0, 5}, {2, 0}, {9, 127}}));
  CHECK_THAT(as_numbers(student<walk>(Mapping::block_per_row, block, thread)),
             is_walk(Mapping::block_per_row, block, thread));
}

TEST_CASE("who reads what, a warp for each row", "[basic][walk][1pt]") {
  const auto [block, thread] = GENERATE(table<int, int>({{0, 0}, {0, 5}, {0, 64}, {1, 0}, {6, 127}}));
  CHECK_THAT(as_numbers(student<walk>(Mapping::warp_per_row, block, thread)),
             is_walk(Mapping::warp_per_row, block, thread));
}

TEST_CASE("lanes below each other touch a sector each", "[basic][sectors_of_first_load][1pt]") {
  const int cols = GENERATE(8, 100, 1024, 1 << 20);
  CHECK_THAT(student<sectors_of_first_load>(Mapping::thread_per_row, cols), is_sectors(Mapping::thread_per_row, cols));
}

TEST_CASE("lanes side by side share sectors", "[basic][sectors_of_first_load][1pt]") {
  const Mapping mapping = GENERATE(Mapping::block_per_row, Mapping::warp_per_row);
  const int cols = GENERATE(1, 5, 8, 17, 31, 32, 33, 1000);
  CHECK_THAT(student<sectors_of_first_load>(mapping, cols), is_sectors(mapping, cols));
}

TEST_CASE("in narrow rows, lanes below each other share sectors, too", "[basic][sectors_of_first_load][1pt]") {
  const int cols = GENERATE(range(1, 8));
  CHECK_THAT(student<sectors_of_first_load>(Mapping::thread_per_row, cols), is_sectors(Mapping::thread_per_row, cols));
}

TEST_CASE("thread per row: the softmax of every row", "[basic][softmax_thread_per_row][2pt]") {
  const Shape shape = GENERATE(Shape{kBlock, 5}, Shape{1, 1}, Shape{3, 40}, Shape{130, 7});
  check_softmax<softmax_thread_per_row>(random_normal(shape, 3));
}

TEST_CASE("block per row: the softmax of every row", "[basic][softmax_block_per_row][2pt]") {
  const Shape shape = GENERATE(Shape{3, 131}, Shape{2, 2 * kBlock}, Shape{2, 300});
  check_softmax<softmax_block_per_row>(random_normal(shape, 3));
}

TEST_CASE("block per row: more threads than columns", "[basic][softmax_block_per_row][2pt]") {
  const Tensor x = random_normal(GENERATE(Shape{4, 1}, Shape{3, 5}, Shape{3, 60}));
  check_softmax<softmax_block_per_row>(far_from_zero(x));
}

TEST_CASE("warp per row: the softmax of every row", "[basic][softmax_warp_per_row][2pt]") {
  const Shape shape = GENERATE(Shape{4, kWarp}, Shape{8, 64}, Shape{4, 75});
  check_softmax<softmax_warp_per_row>(random_normal(shape, 3));
}

TEST_CASE("warp per row: more lanes than columns", "[basic][softmax_warp_per_row][2pt]") {
  const Tensor x = random_normal(GENERATE(Shape{4, 1}, Shape{8, 5}, Shape{4, 31}));
  check_softmax<softmax_warp_per_row>(far_from_zero(x));
}

TEST_CASE("warp per row: rows that do not fill the last block", "[basic][softmax_warp_per_row][1pt]") {
  check_softmax<softmax_warp_per_row>(random_normal(GENERATE(Shape{1, 40}, Shape{6, 34}, Shape{11, 32})));
}

TEST_CASE("thread per row moves what nobody uses", "[basic][softmax_thread_per_row][ncu][1pt]") {
  const Tensor x = random_normal({kBlock, 64});
  check_softmax<softmax_thread_per_row>(x);
  check_passes(x);
  say_sectors();
}

TEST_CASE("block per row: neighbours read neighbours", "[basic][softmax_block_per_row][ncu][2pt]") {
  const Tensor x = random_normal({6, 512});
  check_softmax<softmax_block_per_row>(x);
  check_passes(x);
  check_coalesced(x);
  say_sectors();
}

TEST_CASE("warp per row: neighbours read neighbours", "[basic][softmax_warp_per_row][ncu][2pt]") {
  const Tensor x = random_normal({6, 512});
  check_softmax<softmax_warp_per_row>(x);
  check_passes(x);
  check_coalesced(x);
  say_sectors();
}
