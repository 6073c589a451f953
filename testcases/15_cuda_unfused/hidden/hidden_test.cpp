#include "meter.h"
#include "outputs.h"
#include "rows.h"
#include "scores.h"
#include "traffic.h"

using namespace workbook;
using namespace workbook::cuda_unfused;

namespace {

int any(int most) { return static_cast<int>(random_integer(1, most)); }
Problem drawn_at_random() { return {any(3), any(70), any(70), any(70)}; }

}  // namespace

// Hint: try heads, queries and keys of different numbers, and more scores than a block has threads.
TEST_CASE("scores are right for extents drawn at random", "[hidden][attention_scores][1pt]") {
  for (int i = 0; i < 6; ++i) check_scores<attention_scores>(drawn_at_random());
}

// Hint: try extents just below and just above multiples of 32, all different.
TEST_CASE("tiles are right for extents drawn at random", "[hidden][attention_scores_tiled][2pt]") {
  for (int i = 0; i < 8; ++i) check_scores<attention_scores_tiled>(drawn_at_random());
}

// Hint: try more elements of the output than a block has threads, and fewer channels than a warp has lanes.
TEST_CASE("weighted sums are right for extents drawn at random", "[hidden][weighted_sum][1pt]") {
  for (int i = 0; i < 6; ++i) check_weighted_sum(drawn_at_random());
}

// Hint: queries may outnumber keys: what does the first one see?
TEST_CASE("attention is right for extents drawn at random", "[hidden][unfused_attention][1pt]") {
  for (int i = 0; i < 6; ++i) check_attention(drawn_at_random(), 2);
}

// Hint: queries may outnumber keys: what does the first one see?
TEST_CASE("the mask is right for extents drawn at random", "[hidden][mask_scores][1pt]") {
  for (int i = 0; i < 6; ++i) {
    const Tensor before = random_normal({any(4), any(50), any(50)});
    Tensor scores = before;
    student<mask_scores>(scores, {});
    CHECK_THAT(scores, is_masked(before));
  }
}

// Hint: do your formulas hold if all extents differ, and if the tiles at the edge are not full?
TEST_CASE("traffic is right for extents drawn at random", "[hidden][traffic][1pt]") {
  for (int i = 0; i < 20; ++i) {
    const Problem problem{any(9), any(500), any(500), any(200)};
    const Kernel kernel = kKernels[static_cast<std::size_t>(random_integer(0, 5))];
    CHECK_THAT(as_numbers(student<traffic>(kernel, problem)), is_traffic(kernel, problem));
  }
}
