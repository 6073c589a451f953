#include "attends.h"
#include "common/checker/attention/large_inputs.h"
#include "shapes.h"
#include "sizes.h"

using namespace workbook;
using namespace workbook::scaled_dot_product;

namespace {

/// Matrices of the heads of sequence b, [heads, q_len, kv_len].
Tensor of_sequence(const Tensor& scores, std::int64_t b) {
  const Shape one{scores.dim(1), scores.dim(2), scores.dim(3)};
  return {one, scores.values().subspan(static_cast<std::size_t>(b * one.size()), static_cast<std::size_t>(one.size()))};
}

}  // namespace

TEST_CASE("an extent of 1 gives way, to 0 as well", "[advanced][broadcast_shape][1pt]") {
  check_broadcast({2, 3, 4, 0}, {1, 1, 4, 1}, {2, 3, 4, 0});
  check_broadcast({0, 1}, {1, 5}, {0, 5});
  check_refused({0}, {2});
}

TEST_CASE("masks that would make the scores grow are refused", "[advanced][apply_masks][2pt]") {
  const Tensor scores = random_normal({1, 4, 3, 5});
  const auto [shape, why] = GENERATE(table<Shape, std::string>(
      {{Shape{2, 1, 3, 5}, "a mask of two sequences is not for one"},
       {Shape{1, 1, 4, 3, 5}, "the scores have four axes, this mask five"},
       {Shape{2, 3, 5}, "aligned at the last axes, this mask is for two heads, and there are four"},
       {Shape{5, 3}, "this mask has the queries and the keys exchanged"},
       {Shape{1, 1, 1, 3, 5}, "the scores have four axes, this mask five"},
       {Shape{0}, "a mask of no keys is not for five"}}));
  Masks masks;
  SECTION("boolean") { masks.allowed = TensorOf<bool>(shape, true); }
  SECTION("bias") { masks.bias = Tensor(shape); }
  CHECK_THAT([&] { student<apply_masks>(scores, masks); }, is_refused(why, shape, scores.shape()));
}

TEST_CASE("all masks at once", "[advanced][apply_masks][1pt]") {
  const Tensor scores = random_normal({3, 3, 4, 6});
  const Masks masks = GENERATE(random_masks({3, 1, 1, 6}, {3, 4, 6}, Mask::causal),
                               random_masks({4, 6}, {3, 1, 4, 1}, Mask::causal), random_masks({3, 4, 6}, {1, 1}));
  CHECK_THAT(student<apply_masks>(scores, masks), is_masked(scores, masks));
}

TEST_CASE("a mask is broadcast without a copy", "[advanced][apply_masks][1pt]") {
  const Tensor scores = attention_tests::random_uniform({4, 4, 240, 240});
  const Masks masks{.allowed = random_allowed({4, 1, 1, 240}), .bias = attention_tests::random_uniform({4, 240, 240})};
  const Tensor got = student<apply_masks>(scores, masks);
  REQUIRE(got.shape() == scores.shape());
  for (std::int64_t b = 0; b < scores.dim(0); ++b) {
    Tensor64 expected = to_double(of_sequence(scores, b));
    for (std::int64_t i = 0; i < expected.size(); ++i)
      expected.values()[i] =
          masks.allowed->values()[b * 240 + i % 240] ? expected.values()[i] + masks.bias->values()[i] : -kInfinity;
    CHECK_THAT(of_sequence(got, b), matches(expected, relative_rounding(1)));
  }
  CHECK_THAT(evidence(),
             workspace_at_most(
                 16 << 10,
                 "besides the result nothing is needed: an axis of extent 1 is read again "
                 "and again where it is. A mask copied to the shape of the scores takes 900 KiB, a bias 3.5 MiB"));
}

TEST_CASE("a bias is added to scaled scores", "[advanced][scaled_dot_product_attention][1pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 3, .q_len = 4, .kv_len = 5, .head_dim = 15});
  check_attention(in, random_masks({2, 1, 4, 5}, {3, 1, 5}),
                  GENERATE(std::optional<float>(), std::optional(0.6f), std::optional(-0.4f)));
}

TEST_CASE("the scores may have any size", "[advanced][scaled_dot_product_attention][1pt]") {
  const Masks masks{.mask = GENERATE(Mask::none, Mask::causal)};
  auto in = random_inputs({.batch = 2, .heads = 2, .q_len = 6, .kv_len = 6, .head_dim = 16}, 20);
  SECTION("large everywhere") { check_attention(in, masks, std::nullopt, true); }
  SECTION("outliers") {
    in.q = random_outliers(in.q.shape());
    in.k = random_outliers(in.k.shape());
    check_attention(in, masks, std::nullopt, true);
  }
}

TEST_CASE("no size is special", "[advanced][scaled_dot_product_attention][1pt]") {
  const auto [batch, heads, q_len, kv_len, head_dim] =
      GENERATE(table<int, int, int, int, int>({{3, 1, 1, 31, 7}, {1, 5, 13, 17, 56}, {2, 2, 67, 67, 6}}));
  const auto in =
      random_inputs({.batch = batch, .heads = heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim});
  check_attention(in, random_masks({batch, 1, 1, kv_len}, {heads, q_len, kv_len}, Mask::causal));
}

TEST_CASE("where there are no keys, out is zero", "[advanced][scaled_dot_product_attention][1pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 2, .q_len = 3, .kv_len = 0, .head_dim = 4});
  const Attended got = student<scaled_dot_product_attention>(in.q, in.k, in.v, {}, std::nullopt);
  CHECK_THAT(got.out, matches(Tensor({2, 2, 3, 4}), zeros()));
  CHECK_THAT(got.weights, matches(Tensor({2, 2, 3, 0}), zeros()));
}

TEST_CASE("a NaN or an infinite score is not hidden", "[advanced][softmax][1pt]") {
  Tensor scores = random_normal({1, 2, 3, 4});
  for (float& x : scores.row(0, 1, 2)) x = -kInfinity;
  SECTION("a NaN among others") { scores.at(0, 1, 1, GENERATE(0, 3)) = std::nanf(""); }
  SECTION("a NaN among hidden keys") { scores.at(0, 1, 2, GENERATE(0, 3)) = std::nanf(""); }
  CHECK_THAT(student<softmax>(scores), are_weights(scores));
}

TEST_CASE("small weights are returned as well", "[advanced][scaled_dot_product_attention][1pt]") {
  // One channel, a query of 1 and a scale of 1: the scores are the keys, and the weights their softmax.
  auto in = random_inputs({.batch = 1, .heads = 2, .q_len = 1, .kv_len = 9, .head_dim = 1});
  in.q = Tensor(in.q.shape(), 1);
  for (std::int64_t j = 0; j < 9; ++j) in.k.at(0, 1, j, 0) = -8 * static_cast<float>(j);
  const Attended got = student<scaled_dot_product_attention>(in.q, in.k, in.v, {}, 1.f);
  CHECK_THAT(got.weights, are_weights(in.k.reshaped({1, 2, 1, 9})));
}

TEST_CASE("two tensors of scores at once", "[advanced][scaled_dot_product_attention][1pt]") {
  const auto in = random_inputs(
      {.batch = 1, .heads = 5, .q_len = 256, .kv_len = 256, .head_dim = 2});  // q, k and v: 30 KiB; scores: 1.25 MiB
  check_large_attention(in, {.mask = Mask::causal, .bias = distance_bias(5, 256, 256)});
  CHECK_THAT(evidence(),
             workspace_at_most((1280 << 10) + (384 << 10),
                               "one step reads a tensor of scores, 1.25 MiB, and writes another, the last of "
                               "which is returned; matmul may want 256 KiB. With a variable for each step, "
                               "or with a copy of the bias, there are three tensors"));
}

TEST_CASE("a footprint of more than 2 GiB is counted right", "[advanced][footprint][1pt]") {
  const int batch = GENERATE(1, 3, 17);
  check_footprint({.batch = batch, .heads = 64, .q_len = 8192, .kv_len = 131'072, .head_dim = 128});
}
