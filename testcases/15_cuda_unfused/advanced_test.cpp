#include "meter.h"
#include "outputs.h"
#include "rows.h"
#include "scores.h"
#include "traffic.h"

using namespace workbook;
using namespace workbook::cuda_unfused;

TEST_CASE("a query that sees no key gives zeros", "[advanced][softmax_rows][1pt]") {
  Tensor before = large_logits({12, 37});
  for (std::int64_t j = 0; j < 37; ++j) before.at(0, j) = before.at(11, j) = -kInfinity;
  for (std::int64_t j = 20; j < 37; ++j) before.at(8, j) = -kInfinity;
  CHECK_THAT(softmax_of(before, 2), is_softmax(before));
}

TEST_CASE("softmax: rows of any length", "[advanced][softmax_rows][1pt]") {
  const Tensor before = random_normal(GENERATE(Shape{2, 1}, Shape{3, 1030}, Shape{2, 5000}));
  CHECK_THAT(softmax_of(before), is_softmax(before));
}

TEST_CASE("softmax: the largest score may stand anywhere", "[advanced][softmax_rows][1pt]") {
  const Tensor before = with_a_peak(random_normal({5, 97}), GENERATE(0, 31, 32, 96));
  CHECK_THAT(softmax_of(before), is_softmax(before));
}

TEST_CASE("softmax: scores may be as low as floats go", "[advanced][softmax_rows][1pt]") {
  const Tensor before = low_rows(37);
  CHECK_THAT(softmax_of(before, 2), is_softmax(before));
}

TEST_CASE("softmax: a row of one score has a weight of exactly 1", "[advanced][softmax_rows][1pt]") {
  const Tensor before = one_column();
  CHECK_THAT(softmax_of(before, 2), is_one_column(before, 32));
}

TEST_CASE("softmax: neither a NaN nor a +inf is hidden", "[advanced][softmax_rows][1pt]") {
  const std::int64_t column = GENERATE(0, 17, 36);
  const Tensor before = with_nans(random_normal({6, 37}), column);
  CHECK_THAT(softmax_of(before, 2), is_softmax(before));
  Tensor infinite = random_normal({6, 37});
  infinite.at(1, column) = kInfinity;
  const Tensor weights = softmax_of(infinite, 2);
  CHECK_THAT(weights, has_an_infinity(infinite, weights, column));
}

TEST_CASE("a hidden score becomes -inf whatever it was", "[advanced][mask_scores][1pt]") {
  Tensor before = random_normal({2, 6, 4});
  for (std::int64_t i = 0; i < 6; ++i) before.at(0, i, 3) = kInfinity, before.at(1, i, i % 4) = kNan;
  Tensor scores = before;
  student<mask_scores>(scores, {});
  CHECK_THAT(scores, is_masked(before));
}

TEST_CASE("scale: one launch that loads and stores each score once", "[advanced][scale_scores][1pt]") {
  const Tensor before = random_normal({3, 20, 50});
  Tensor scores = before;
  student<scale_scores>(scores, 0.25f, {});
  CHECK_THAT(scores, is_scaled(before, 0.25f));
  check_traffic(Kernel::scale, problem_of(before));
}

TEST_CASE("scores: any number of channels", "[advanced][attention_scores][1pt]") {
  check_scores<attention_scores>(GENERATE(Problem{2, 3, 5, 1}, Problem{1, 3, 5, 300}));
}

TEST_CASE("tiles: any number of channels", "[advanced][attention_scores_tiled][1pt]") {
  check_scores<attention_scores_tiled>(GENERATE(Problem{2, 3, 5, 1}, Problem{1, 3, 5, 300}));
}

TEST_CASE("values: any number of keys and channels", "[advanced][weighted_sum][1pt]") {
  check_weighted_sum(GENERATE(Problem{1, 2, 1100, 3}, Problem{2, 2, 1, 300}));
}

TEST_CASE("attention: any number of keys and channels", "[advanced][unfused_attention][1pt]") {
  check_attention(GENERATE(Problem{1, 2, 1100, 3}, Problem{2, 3, 5, 300}, Problem{1, 1, 1, 1}));
}

TEST_CASE("attention: a second call has inputs of its own", "[advanced][unfused_attention][1pt]") {
  const Problem problem{2, 5, 9, 4};
  const Tensor before = check_attention(problem);
  check_attention(problem, 1, before);
}

TEST_CASE("attention: what CUDA refuses is an error that is thrown", "[advanced][unfused_attention][1pt]") {
  const Inputs in = random_inputs({2, 3, 4, 5});
  Tensor out(in.q.shape());
  const auto call = [&] { student<unfused_attention>(in.q, in.k, in.v, out, {}); };
  CHECK_THAT(call, throws_if_allocation_is_refused(1));
  for (const std::uint32_t n : {1, 2, 3, 4, 5}) CHECK_THAT(call, throws_if_launch_is_refused(n));
}

TEST_CASE("scores: a launch that is refused is an error that is thrown", "[advanced][attention_scores][1pt]") {
  const Inputs in = random_inputs({2, 3, 4, 5});
  Tensor scores({2, 3, 4});
  CHECK_THAT([&] { student<attention_scores>(in.q, in.k, scores, {}); }, throws_if_launch_is_refused());
}

TEST_CASE("tiles: a launch that is refused is an error that is thrown", "[advanced][attention_scores_tiled][1pt]") {
  const Inputs in = random_inputs({2, 3, 4, 5});
  Tensor scores({2, 3, 4});
  CHECK_THAT([&] { student<attention_scores_tiled>(in.q, in.k, scores, {}); }, throws_if_launch_is_refused());
}

TEST_CASE("scale: a launch that is refused is an error that is thrown", "[advanced][scale_scores][1pt]") {
  Tensor scores = random_normal({2, 3, 4});
  CHECK_THAT([&] { student<scale_scores>(scores, 2.f, {}); }, throws_if_launch_is_refused());
}

TEST_CASE("mask: a launch that is refused is an error that is thrown", "[advanced][mask_scores][1pt]") {
  Tensor scores = random_normal({2, 3, 4});
  CHECK_THAT([&] { student<mask_scores>(scores, {}); }, throws_if_launch_is_refused());
}

TEST_CASE("softmax: a launch that is refused is an error that is thrown", "[advanced][softmax_rows][1pt]") {
  Tensor scores = random_normal({2, 3, 4});
  CHECK_THAT([&] { student<softmax_rows>(scores, {}); }, throws_if_launch_is_refused());
}

TEST_CASE("values: a launch that is refused is an error that is thrown", "[advanced][weighted_sum][1pt]") {
  const Tensor weights = random_normal({2, 3, 4}), v = random_normal({2, 4, 5});
  Tensor out({2, 3, 5});
  CHECK_THAT([&] { student<weighted_sum>(weights, v, out, {}); }, throws_if_launch_is_refused());
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
  const Problem p{1, 1 << 18, (1 << 18) + 1, 1};  // 275 GB of scores from inputs of 1 MB; 1 MiB in 32 bits
  const Tensor q({p.heads, p.q_len, p.head_dim}), k({p.heads, p.kv_len, p.head_dim}), v(k.shape());
  Tensor out(q.shape());
  CHECK_THROWS_AS(student<unfused_attention>(q, k, v, out, {}), std::runtime_error);
}

TEST_CASE("traffic is exact in 64 bits", "[advanced][traffic][1pt]") {
  const Problem problem{48, 8192, 8192, 128};
  const Kernel kernel = GENERATE(from_range(kKernels));
  const Traffic got = student<traffic>(kernel, problem);
  CHECK_THAT(as_numbers(got), is_traffic(kernel, problem));
  remark(std::string(kernel_name(kernel)) + " loads " + size_text(std::uint64_t(got.loaded)) + " and stores " +
         size_text(std::uint64_t(got.stored)));
}

TEST_CASE("traffic is exact near the largest int and beyond 2^53", "[advanced][traffic][1pt]") {
  constexpr int kMost = std::numeric_limits<int>::max();
  const Problem problem = GENERATE(Problem{3, (1 << 20) + 1, (1 << 20) + 3, 16381}, Problem{1, 5, kMost, 7});
  const Kernel kernel = GENERATE(from_range(kKernels));
  const Traffic got = student<traffic>(kernel, problem), right = right_traffic(kernel, problem);
  Count in_int = count_of(problem);
  in_int.key_tiles = static_cast<int>(static_cast<unsigned>(problem.kv_len) + kTile - 1) / kTile;
  CHECK_THAT(got.loaded, is_count(right.loaded, "loaded")
                             .but_not(times(in_int.floats(kernel), 4L * problem.heads).loaded,
                                      "kv_len + kTile - 1 does not fit an int: round up in 64 bits")
                             .but_not_in_int("an intermediate result"));
  CHECK_THAT(got.stored, is_count(right.stored, "stored").but_not_in_int("an intermediate result"));
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
