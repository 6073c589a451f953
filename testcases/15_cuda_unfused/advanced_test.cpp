#include "meter.h"
#include "outputs.h"
#include "rows.h"
#include "scores.h"
#include "traffic.h"

using namespace workbook;
using namespace workbook::cuda_unfused;

TEST_CASE("a query that sees no key gives zeros", "[advanced][softmax_rows][1pt]") {
  Tensor before = random_large_logits({2, 6, 37});
  for (std::int64_t j = 0; j < 37; ++j) before.at(0, 0, j) = before.at(1, 5, j) = -kInfinity;
  for (std::int64_t j = 20; j < 37; ++j) before.at(1, 2, j) = -kInfinity;
  Tensor scores = before;
  student<softmax_rows>(scores, {});
  CHECK_THAT(scores, is_softmax(before));
}

TEST_CASE("more queries than keys", "[advanced][unfused_attention][1pt]") {
  check_attention(GENERATE(Problem{2, 9, 4, 8}, Problem{1, 40, 33, 5}));
}

TEST_CASE("attention: scores may have any size", "[advanced][unfused_attention][1pt]") {
  check_attention({2, 17, 17, 16}, 12);
}

TEST_CASE("the score matrix is all that attention allocates", "[advanced][unfused_attention][1pt]") {
  const Problem problem{2, 40, 48, 8};
  check_attention(problem);
  check_one_score_matrix(problem);
}

TEST_CASE("a score matrix that does not fit is an error that is thrown", "[advanced][unfused_attention][1pt]") {
  const Problem p{1, 300'000, 300'000, 1};  // 360 GB of scores from inputs of 1.2 MB
  const Inputs in = random_inputs(p);
  Tensor out(in.q.shape());
  CHECK_THROWS_AS(student<unfused_attention>(in.q, in.k, in.v, out, {}), std::runtime_error);
}

TEST_CASE("traffic is exact in 64 bits", "[advanced][traffic][1pt]") {
  const Problem problem{48, 8192, 8192, 128};
  const Kernel kernel = GENERATE(from_range(kKernels));
  const Traffic got = student<traffic>(kernel, problem);
  CHECK_THAT(as_numbers(got), is_traffic(kernel, problem));
  remark(std::string(kernel_name(kernel)) + " loads " + size_text(std::uint64_t(got.loaded)) + " and stores " +
         size_text(std::uint64_t(got.stored)));
}

TEST_CASE("tiles: 32 times fewer loads", "[advanced][attention_scores_tiled][2pt]") {
  const Problem problem{1, 128, 128, 64};
  check_scores<attention_scores_tiled>(problem);
  check_traffic(Kernel::tiled_scores, problem);
  say_factor(problem);
}

TEST_CASE("tiles: every head has its own keys", "[advanced][attention_scores_tiled][1pt]") {
  check_scores<attention_scores_tiled>({5, 3, 35, 33});
}
