#include "indices.h"
#include "meter.h"
#include "outputs.h"
#include "rows.h"
#include "scores.h"
#include "traffic.h"

using namespace workbook;
using namespace workbook::cuda_unfused;

namespace {
constexpr int kMost = std::numeric_limits<int>::max();
}

TEST_CASE("what the short kernels move", "[basic][traffic][2pt]") {
  const Kernel kernel = GENERATE(Kernel::scale, Kernel::mask, Kernel::softmax);
  const Problem problem = GENERATE(Problem{3, 5, 9, 4}, Problem{1, 1024, 1024, 64}, Problem{3, 7, 4, 8});
  CHECK_THAT(as_numbers(student<traffic>(kernel, problem)), is_traffic(kernel, problem));
}

TEST_CASE("what the two products move", "[basic][traffic][2pt]") {
  const Kernel kernel = GENERATE(Kernel::scores, Kernel::weighted_sum);
  const Problem problem = GENERATE(Problem{2, 5, 9, 4}, Problem{1, 1024, 1024, 64});
  CHECK_THAT(as_numbers(student<traffic>(kernel, problem)), is_traffic(kernel, problem));
}

TEST_CASE("what tiles move", "[basic][traffic][2pt]") {
  const Problem problem = GENERATE(Problem{1, 1024, 1024, 64}, Problem{2, 64, 96, 32}, Problem{1, 40, 100, 8});
  CHECK_THAT(as_numbers(student<traffic>(Kernel::tiled_scores, problem)), is_traffic(Kernel::tiled_scores, problem));
}

TEST_CASE("scores are dot products", "[basic][attention_scores][2pt]") {
  check_scores<attention_scores>(
      GENERATE(Problem{1, 8, 16, 4}, Problem{2, 15, 17, 3}, Problem{3, 1, 140, 12}, Problem{3, 50, 70, 5}));
}

TEST_CASE("scores: no more is moved than predicted", "[basic][attention_scores][2pt]") {
  const Problem problem{2, 17, 40, 16};
  check_scores<attention_scores>(problem);
  check_traffic(Kernel::scores, problem);
  check_stores_side_by_side();
}

TEST_CASE("scale multiplies every score", "[basic][scale_scores][1pt]") {
  const Tensor before = random_normal(GENERATE(Shape{1, 8, 16}, Shape{3, 5, 77}, Shape{3, 50, 70}));
  const float scale = GENERATE(0.125f, -3.f);
  Tensor scores = before;
  student<scale_scores>(scores, scale, {});
  CHECK_THAT(scores, is_scaled(before, scale));
}

TEST_CASE("mask hides what lies behind a query", "[basic][mask_scores][2pt]") {
  const Tensor before =
      random_normal(GENERATE(Shape{1, 6, 6}, Shape{3, 5, 14}, Shape{2, 1, 9}, Shape{2, 40, 40}, Shape{3, 50, 70}));
  Tensor scores = before;
  student<mask_scores>(scores, {});
  CHECK_THAT(scores, is_masked(before));
}

TEST_CASE("mask reads nothing", "[basic][mask_scores][1pt]") {
  const Tensor before = random_normal({2, 20, 50});
  Tensor scores = before;
  student<mask_scores>(scores, {});
  CHECK_THAT(scores, is_masked(before));
  check_traffic(Kernel::mask, problem_of(before));
}

TEST_CASE("softmax of every row, in place", "[basic][softmax_rows][2pt]") {
  const auto [heads, shape] = GENERATE(
      table<std::int64_t, Shape>({{1, Shape{4, 33}}, {2, Shape{6, 75}}, {3, Shape{15, 7}}, {3, Shape{270, 3}}}));
  const Tensor before = random_normal(shape, 3);
  CHECK_THAT(softmax_of(before, heads), is_softmax(before));
}

TEST_CASE("softmax: three passes, side by side", "[basic][softmax_rows][1pt]") {
  const Tensor before = random_normal({32, 75});
  CHECK_THAT(softmax_of(before, 2), is_softmax(before));
  check_traffic(Kernel::softmax, {2, 16, 75, 1});
  check_loads_side_by_side();
}

TEST_CASE("values are weighed", "[basic][weighted_sum][2pt]") {
  check_weighted_sum(GENERATE(Problem{1, 8, 16, 4}, Problem{2, 5, 7, 3}, Problem{3, 11, 20, 33}));
}

TEST_CASE("values: no more is moved than predicted", "[basic][weighted_sum][1pt]") {
  const Problem problem{2, 9, 40, 32};
  check_weighted_sum(problem);
  check_traffic(Kernel::weighted_sum, problem);
  check_loads_side_by_side();
}

TEST_CASE("five kernels make attention", "[basic][unfused_attention][2pt]") {
  check_attention(GENERATE(Problem{1, 8, 8, 4}, Problem{2, 5, 14, 6}, Problem{2, 33, 40, 16}));
}

TEST_CASE("five launches move what five kernels move", "[basic][unfused_attention][ncu][1pt]") {
  const Problem problem{2, 33, 40, 16};
  check_attention(problem);
  check_five_launches(problem);
}

TEST_CASE("what a thread loads is not what it computes with", "[basic][duty][2pt]") {
  const auto [bx, by, tx, ty] = GENERATE(table<int, int, int, int>(
      {{0, 0, 0, 0}, {0, 0, 9, 4}, {2, 1, 0, 0}, {1, 3, 31, 2}, {kMost / 32, kMost / 32, 31, 30}}));
  CHECK_THAT(as_numbers(student<duty>(bx, by, tx, ty)), is_duty(bx, by, tx, ty));
}

TEST_CASE("a column may lie in one bank or in 32", "[basic][wavefronts_of_a_column][2pt]") {
  const int pitch = GENERATE(1, 2, 8, 12, 16, 31, 32, 33, 34, 36, 48, 64, 65, 1'000'003, 100'000'004, kMost);
  CHECK_THAT(student<wavefronts_of_a_column>(pitch), is_wavefronts(pitch));
}

TEST_CASE("tiles give the same scores", "[basic][attention_scores_tiled][3pt]") {
  check_scores<attention_scores_tiled>(
      GENERATE(Problem{1, 32, 32, 32}, Problem{2, 32, 64, 64}, Problem{1, 64, 32, 96}));
}

TEST_CASE("tiles need not divide the extents", "[basic][attention_scores_tiled][3pt]") {
  check_scores<attention_scores_tiled>(GENERATE(Problem{1, 32, 32, 40}, Problem{2, 33, 40, 32}, Problem{1, 5, 70, 7}));
}

TEST_CASE("tiles: an element is loaded once for each tile that meets it",
          "[basic][attention_scores_tiled][ncu][merged][2pt]") {
  const Problem problem{2, 64, 96, 64};
  check_scores<attention_scores_tiled>(problem);
  check_traffic(Kernel::tiled_scores, problem);
  check_loads_side_by_side();
}

TEST_CASE("tiles: what lies outside is not loaded", "[basic][attention_scores_tiled][1pt]") {
  const Problem problem = GENERATE(Problem{2, 33, 40, 17}, Problem{1, 3, 100, 5});
  check_scores<attention_scores_tiled>(problem);
  check_traffic(Kernel::tiled_scores, problem);
}

TEST_CASE("tiles: no two lanes meet in a bank", "[basic][attention_scores_tiled][2pt]") {
  check_scores<attention_scores_tiled>({1, 32, 32, 64});
  check_banks();
}
