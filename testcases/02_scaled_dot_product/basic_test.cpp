#include "attends.h"
#include "shapes.h"
#include "sizes.h"

using namespace workbook;
using namespace workbook::scaled_dot_product;

TEST_CASE("scores are scaled dot products of queries and keys", "[basic][scaled_scores][2pt]") {
  const auto [batch, heads, q_len, kv_len, head_dim] = GENERATE(table<int, int, int, int, int>(
      {{2, 3, 4, 6, 8}, {1, 2, 5, 7, 16}, {3, 2, 6, 3, 5}, {2, 2, 3, 9, 56}, {1, 2, 2, 5, 201}}));
  const auto in =
      random_inputs({.batch = batch, .heads = heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim});
  CHECK_THAT(student<scaled_scores>(in.q, in.k, std::nullopt), are_scores(in, std::nullopt));
}

TEST_CASE("a given scale is used", "[basic][scaled_scores][1pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 2, .q_len = 5, .kv_len = 6, .head_dim = 10});
  const std::optional<float> scale = GENERATE(0.1f, 1.f, 2.5f, -0.7f, 0.f);
  CHECK_THAT(student<scaled_scores>(in.q, in.k, scale), are_scores(in, scale));
}

TEST_CASE("shapes are aligned at their last axes", "[basic][broadcast_shape][2pt]") {
  check_broadcast({2, 3, 4, 5}, {2, 3, 4, 5}, {2, 3, 4, 5});
  check_broadcast({2, 3, 4, 5}, {4, 5}, {2, 3, 4, 5});
  check_broadcast({2, 3, 4, 5}, {3, 1, 5}, {2, 3, 4, 5});
  check_broadcast({2, 3, 4, 5}, {2, 1, 1, 5}, {2, 3, 4, 5});
  check_broadcast({7}, {2, 1}, {2, 7});
  check_broadcast({1}, {5, 6}, {5, 6});
  check_broadcast({}, {5, 6}, {5, 6});
  check_broadcast({2, 1, 3, 1, 5, 1}, {7, 1, 4, 1, 6}, {2, 7, 3, 4, 5, 6});
  check_broadcast({1, 5'000'000'000}, {2, 1}, {2, 5'000'000'000});
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

TEST_CASE("what is hidden stays hidden, whatever it holds", "[basic][apply_masks][1pt]") {
  Tensor scores = random_normal({2, 2, 3, 5});
  Masks masks{.mask = Mask::causal, .allowed = TensorOf<bool>({5}, true), .bias = random_normal({5})};
  masks.allowed->at(0) = false;
  SECTION("a NaN among the scores") { scores.at(0, 1, 2, 0) = scores.at(1, 0, 0, 3) = std::nanf(""); }
  SECTION("an infinite score") { scores.at(0, 1, 2, 0) = scores.at(1, 0, 0, 3) = kInfinity; }
  SECTION("a NaN for a bias") { masks.bias->at(0) = std::nanf(""); }
  SECTION("an infinite bias") { masks.bias->at(0) = kInfinity; }
  CHECK_THAT(student<apply_masks>(scores, masks), is_masked(scores, masks));
}

TEST_CASE("a score of 0 is a score like any other", "[basic][apply_masks][1pt]") {
  const Tensor scores({1, 1, 2, 4}, {0, 1, 0, 3, -1, 0, 2, 0});
  const Masks masks{.mask = Mask::causal, .bias = Tensor({4}, {2, 0, -3, 1})};
  CHECK_THAT(student<apply_masks>(scores, masks), is_masked(scores, masks));
}

TEST_CASE("a softmax for every query, over its keys", "[basic][softmax][2pt]") {
  const Shape shape =
      GENERATE(Shape{1, 1, 1, 1}, Shape{2, 3, 4, 5}, Shape{3, 1, 6, 6}, Shape{1, 2, 3, 257}, Shape{1, 1, 3, 1500});
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

TEST_CASE("scores as low as floats go hide no key", "[basic][softmax][1pt]") {
  Tensor scores({1, 1, 36, 4}, std::numeric_limits<float>::lowest());
  for (std::int64_t i = 0; i < 35; ++i)
    for (float& x : scores.row(0, 0, i)) x = -2 * std::pow(10.f, static_cast<float>(i + 3));
  CHECK_THAT(student<softmax>(scores),
             but_not_another_softmax(matches(Tensor(scores.shape(), 0.25f), exact("1 / (1 + 1 + 1 + 1)")), scores));
}

TEST_CASE("a single visible key has weight one", "[basic][softmax][1pt]") {
  Tensor scores = random_large_logits({2, 2, 4, 1});
  if (GENERATE(false, true)) {
    scores = Tensor({2, 2, 4, 3}, -kInfinity);
    for_each_score({2, 2, 4, 1}, [&](Index at) { scores.at(at[0], at[1], at[2], at[2] % 3) = 7; });
  }
  Tensor weights(scores.shape());
  for (std::int64_t i = 0; i < scores.size(); ++i) weights.values()[i] = scores.values()[i] == -kInfinity ? 0 : 1;
  CHECK_THAT(student<softmax>(scores), but_not_another_softmax(matches(weights, exact("exp(0) / exp(0)")), scores));
}

TEST_CASE("out is the weighted sum of the values", "[basic][scaled_dot_product_attention][2pt]") {
  const auto [batch, heads, q_len, kv_len, head_dim] = GENERATE(table<int, int, int, int, int>(
      {{2, 3, 5, 6, 8}, {2, 2, 4, 9, 15}, {2, 2, 7, 3, 5}, {1, 1, 1, 1, 1}, {1, 2, 3, 5, 201}, {1, 1, 2, 1300, 6}}));
  check_attention(
      random_inputs({.batch = batch, .heads = heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim}), {});
}

TEST_CASE("attention knows nothing of the calls before", "[basic][scaled_dot_product_attention][1pt]") {
  const auto first = random_inputs({.batch = 2, .heads = 2, .q_len = 5, .kv_len = 8, .head_dim = 7});
  const auto last = random_inputs({.batch = 2, .heads = 2, .q_len = 5, .kv_len = 8, .head_dim = 7});
  const Masks causal{.mask = Mask::causal}, padded{.allowed = no_padding(std::array<std::int64_t, 2>{4, 8}, 8)};
  const Attended before = student<scaled_dot_product_attention>(first.q, first.k, first.v, causal, std::nullopt);
  check_attended(before, Call{first, causal, std::nullopt});
  const Attended got = student<scaled_dot_product_attention>(last.q, last.k, last.v, padded, 0.6f);
  check_after(got, Call{last, padded, 0.6f}, Call{first, causal, std::nullopt}, before);
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

TEST_CASE("any product of extents may be large", "[basic][footprint][1pt]") {
  AttentionShape shape;
  SECTION("batch and heads") { shape = {.batch = 70'001, .heads = 50'021, .q_len = 3, .kv_len = 5, .head_dim = 7}; }
  SECTION("queries and channels") { shape = {.heads = 3, .q_len = 40'000'003, .kv_len = 2, .head_dim = 131}; }
  SECTION("keys and channels") { shape = {.heads = 3, .q_len = 2, .kv_len = 40'000'003, .head_dim = 131}; }
  SECTION("queries and keys") { shape = {.heads = 3, .q_len = 70'001, .kv_len = 50'021, .head_dim = 5}; }
  SECTION("more digits than a double has") {
    shape = {.batch = 3, .heads = 31, .q_len = 30'000'001, .kv_len = 50'000'017, .head_dim = 9, .bytes_per_element = 1};
  }
  SECTION("the largest q_len") { shape = {.q_len = 2'147'483'647, .kv_len = 2, .head_dim = 3}; }
  SECTION("the largest kv_len") { shape = {.q_len = 2, .kv_len = 2'147'483'647, .head_dim = 3}; }
  SECTION("the largest head_dim") { shape = {.q_len = 2, .kv_len = 3, .head_dim = 2'147'483'647}; }
  SECTION("no keys") { shape = {.batch = 2, .heads = 3, .q_len = 5, .kv_len = 0, .head_dim = 7}; }
  check_footprint(shape);
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
