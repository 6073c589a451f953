#include "attends.h"
#include "shapes.h"
#include "sizes.h"

using namespace workbook;
using namespace workbook::scaled_dot_product;

TEST_CASE("scores are scaled dot products of queries and keys", "[basic][scaled_scores][2pt]") {
  const auto [batch, heads, q_len, kv_len, head_dim] =
      GENERATE(table<int, int, int, int, int>({{2, 3, 4, 4, 8}, {1, 2, 5, 7, 16}, {3, 2, 6, 1, 5}, {2, 2, 1, 9, 56}}));
  const auto in =
      random_inputs({.batch = batch, .heads = heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim});
  CHECK_THAT(student<scaled_scores>(in.q, in.k, std::nullopt), are_scores(in, std::nullopt));
}

TEST_CASE("a given scale is used", "[basic][scaled_scores][1pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 2, .q_len = 5, .kv_len = 6, .head_dim = 9});
  const std::optional<float> scale = GENERATE(0.1f, 1.f, 0.f);
  CHECK_THAT(student<scaled_scores>(in.q, in.k, scale), are_scores(in, scale));
}

TEST_CASE("shapes are aligned at their last axes", "[basic][broadcast_shape][2pt]") {
  check_broadcast({2, 3, 4, 5}, {2, 3, 4, 5}, {2, 3, 4, 5});
  check_broadcast({2, 3, 4, 5}, {4, 5}, {2, 3, 4, 5});
  check_broadcast({2, 3, 4, 5}, {3, 1, 5}, {2, 3, 4, 5});
  check_broadcast({2, 3, 4, 5}, {2, 1, 1, 5}, {2, 3, 4, 5});
  check_broadcast({7}, {2, 1}, {2, 7});
  check_broadcast({1}, {5, 6}, {5, 6});
}

TEST_CASE("a mask can make the scores grow", "[basic][broadcast_shape][1pt]") {
  // A mask with an axis for heads, on scores that have none: each sequence meets the masks of all sequences.
  check_broadcast({4, 6, 6}, {4, 1, 6, 6}, {4, 4, 6, 6});
  check_broadcast({2, 512, 512}, {2, 1, 512, 512}, {2, 2, 512, 512});
}

TEST_CASE("shapes that do not fit are refused", "[basic][broadcast_shape][1pt]") {
  check_refused({2, 3}, {2, 4});
  check_refused({2, 3, 5, 5}, {2, 5, 5});  // 2 sequences and 3 heads
  check_refused({4, 5}, {4});
}

TEST_CASE("causal: no key after the query's own position", "[basic][apply_masks][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{6, 6}, {3, 8}, {1, 5}, {5, 3}}));
  const Tensor scores = random_normal({2, 2, q_len, kv_len});
  const Masks causal{.mask = Mask::causal};
  CHECK_THAT(student<apply_masks>(scores, causal), is_masked(scores, causal));
}

TEST_CASE("boolean masks of every shape are broadcast", "[basic][apply_masks][2pt]") {
  const Tensor scores = random_normal({2, 2, 5, 7});
  const Shape shape = GENERATE(Shape{2, 2, 5, 7}, Shape{5, 7}, Shape{2, 1, 1, 7}, Shape{1, 2, 5, 1}, Shape{2, 5, 7},
                               Shape{7}, Shape{1});
  const Masks masks{.allowed = random_allowed(shape)};
  CHECK_THAT(student<apply_masks>(scores, masks), is_masked(scores, masks));
}

TEST_CASE("a bias of every shape is added", "[basic][apply_masks][1pt]") {
  const Tensor scores = random_normal({2, 2, 5, 7});
  const Shape shape = GENERATE(Shape{2, 2, 5, 7}, Shape{5, 7}, Shape{2, 5, 7}, Shape{2, 1, 5, 1}, Shape{7});
  const Masks masks{.bias = random_normal(shape)};
  CHECK_THAT(student<apply_masks>(scores, masks), is_masked(scores, masks));
}

TEST_CASE("a softmax for every query, over its keys", "[basic][softmax][2pt]") {
  const Shape shape = GENERATE(Shape{1, 1, 1, 1}, Shape{2, 3, 4, 5}, Shape{3, 1, 6, 6}, Shape{1, 2, 3, 257});
  const Tensor scores = GENERATE(false, true) ? random_large_logits(shape) : random_normal(shape, 3);
  CHECK_THAT(student<softmax>(scores), are_weights(scores));
}

TEST_CASE("a query that sees no key has no weights", "[basic][softmax][1pt]") {
  Tensor scores = random_normal({2, 2, 4, 5});
  for (const std::int64_t i : {0, 3})
    for (std::int64_t j = 0; j < 5; ++j) scores.at(1, 0, i, j) = -kInfinity;
  scores.at(0, 1, 2, 4) = -kInfinity;
  CHECK_THAT(student<softmax>(scores), are_weights(scores));
}

TEST_CASE("out is the weighted sum of the values", "[basic][scaled_dot_product_attention][2pt]") {
  const auto [batch, heads, q_len, kv_len, head_dim] =
      GENERATE(table<int, int, int, int, int>({{2, 3, 5, 5, 8}, {2, 2, 4, 9, 16}, {1, 1, 1, 1, 1}, {2, 2, 7, 3, 5}}));
  check_attention(
      random_inputs({.batch = batch, .heads = heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim}), {});
}

TEST_CASE("masks come between the scores and the softmax", "[basic][scaled_dot_product_attention][2pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 3, .q_len = 6, .kv_len = 8, .head_dim = 16});
  SECTION("causal") { check_attention(in, {.mask = Mask::causal}); }
  SECTION("padding") { check_attention(in, {.allowed = no_padding(std::array<std::int64_t, 2>{8, 5}, 8)}); }
  SECTION("a bias that grows with the distance") { check_attention(in, {.bias = distance_bias(3, 6, 8)}); }
}

TEST_CASE("a query that sees no key gives zeros", "[basic][scaled_dot_product_attention][1pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 2, .q_len = 5, .kv_len = 3, .head_dim = 8});
  SECTION("causal, before the first key") { check_attention(in, {.mask = Mask::causal}); }
  SECTION("an empty sequence, all padding") {
    check_attention(in, {.allowed = no_padding(std::array<std::int64_t, 2>{3, 0}, 3)});
  }
}

TEST_CASE("the footprint counts all six tensors", "[basic][footprint][2pt]") {
  check_footprint({.batch = 2, .heads = 3, .q_len = 5, .kv_len = 7, .head_dim = 11, .bytes_per_element = 4});
  check_footprint({.batch = 4, .heads = 1, .q_len = 6, .kv_len = 6, .head_dim = 8, .bytes_per_element = 2});
}

TEST_CASE("from 3 head_dim on, the scores outweigh q, k and v", "[basic][footprint][2pt]") {
  // The size of a layer of LLaMA 2 7B. Neither the heads nor the batch nor the bytes of an element change the ratio.
  AttentionShape shape{.batch = 1, .heads = 32, .q_len = 1, .kv_len = 1, .head_dim = 128, .bytes_per_element = 2};
  const auto at = [&](int seq) {
    shape.q_len = shape.kv_len = seq;
    return check_footprint(shape);
  };
  const Footprint balanced = at(384), longer = at(4096), longest = at(128 * 1024);
  CHECK(balanced.scores == balanced.inputs);
  CHECK(longer.scores / 32 == longer.inputs / 3);  // 1 GiB of scores for 96 MiB of inputs
  CHECK(longest.scores == std::int64_t{1} << 40);  // 1 TiB, in one layer
  CHECK(longest.inputs == std::int64_t{3} * (1 << 30));
}
