#include "meter.h"
#include "softmax.h"

using namespace workbook;
using namespace workbook::cuda_softmax;

namespace {

Tensor drawn_at_random(std::int64_t most_rows, std::int64_t most_cols) {
  const Shape shape{random_integer(1, most_rows), random_integer(1, most_cols)};
  return random_integer(0, 1) == 0 ? random_large_logits(shape, 300)
                                   : with_masked_entries_and_rows(random_normal(shape));
}

}  // namespace

// Hint: try more rows than a block has threads, and a number of rows that is no multiple of anything.
TEST_CASE("thread per row is right for shapes drawn at random", "[hidden][softmax_thread_per_row][1pt]") {
  for (int i = 0; i < 8; ++i) check_softmax<softmax_thread_per_row>(drawn_at_random(300, 40));
}

// Hint: try rows shorter than a block, and rows that are several blocks long and a bit.
TEST_CASE("block per row is right for shapes drawn at random", "[hidden][softmax_block_per_row][1pt]") {
  for (int i = 0; i < 8; ++i) check_softmax<softmax_block_per_row>(drawn_at_random(9, 600));
}

// Hint: try rows shorter than a warp, and a number of rows that is no multiple of 4.
TEST_CASE("warp per row is right for shapes drawn at random", "[hidden][softmax_warp_per_row][1pt]") {
  for (int i = 0; i < 8; ++i) check_softmax<softmax_warp_per_row>(drawn_at_random(30, 200));
}
