#include "attends.h"
#include "shapes.h"
#include "sizes.h"

using namespace workbook;
using namespace workbook::scaled_dot_product;

namespace {

/// Some axes of the shape, at random, shrunk to 1, and some in front left out.
Shape shrunk(const Shape& shape) {
  Extents extents(shape.extents().begin(), shape.extents().end());
  for (std::int64_t& extent : extents)
    if (random_integer(0, 1) == 1) extent = 1;
  const auto left_out = static_cast<std::size_t>(random_integer(0, 3));
  return Shape(std::span<const std::int64_t>(extents).subspan(left_out));
}

}  // namespace

// Hint: masks and biases broadcast, every extent may be 1, and no extent equals another.
TEST_CASE("attention is right for shapes and masks drawn at random", "[hidden][scaled_dot_product_attention][2pt]") {
  for (int i = 0; i < 16; ++i) {
    const auto in = random_inputs({.batch = random_integer(1, 3),
                                   .heads = random_integer(1, 4),
                                   .q_len = random_integer(1, 17),
                                   .kv_len = random_integer(1, 17),
                                   .head_dim = random_integer(1, 33)});
    const Shape scores{in.q.dim(0), in.q.dim(1), in.q.dim(2), in.k.dim(2)};
    Masks masks = random_masks(shrunk(scores), shrunk(scores), i % 3 ? Mask::causal : Mask::none);
    if (i % 4 == 1) masks.allowed.reset();
    if (i % 4 == 2) masks.bias.reset();
    check_attention(in, masks, i % 5 ? std::nullopt : std::optional(0.3f));
  }
}

// Hint: a bias of -inf is a mask, and a row may have nothing else.
TEST_CASE("a bias of -inf hides a key", "[hidden][apply_masks][1pt]") {
  const Tensor scores = random_normal({2, 2, 3, 4});
  Masks masks{.bias = random_normal({3, 4})};
  masks.bias->at(1, 2) = -kInfinity;
  for (std::int64_t j = 0; j < 4; ++j) masks.bias->at(0, j) = -kInfinity;
  CHECK_THAT(student<apply_masks>(scores, masks), is_masked(scores, masks));
}

// Hint: a row that is masked and a row that holds a NaN are different things.
TEST_CASE("a NaN among the scores is not hidden", "[hidden][softmax][1pt]") {
  Tensor scores = random_normal({1, 2, 3, 4});
  scores.at(0, 1, 1, 2) = std::nanf("");
  for (const std::int64_t j : {0, 1, 2, 3}) scores.at(0, 1, 2, j) = -kInfinity;
  scores.at(0, 1, 2, 1) = std::nanf("");
  CHECK_THAT(student<softmax>(scores), are_weights(scores));
}

// Hint: there may be no keys at all. What is the softmax of nothing?
TEST_CASE("no keys at all give zeros", "[hidden][scaled_dot_product_attention][1pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 2, .q_len = 3, .kv_len = 0, .head_dim = 5});
  const Attended got = student<scaled_dot_product_attention>(in.q, in.k, in.v, {.mask = Mask::causal}, std::nullopt);
  CHECK_THAT(got.out, matches(Tensor({2, 2, 3, 5}), zeros()));
  CHECK_THAT(got.weights, matches(Tensor({2, 2, 3, 0}), zeros()));
}

// Hint: the numbers get large. In which type is each product computed?
TEST_CASE("a footprint is exact in 64 bits", "[hidden][footprint][1pt]") {
  check_footprint({.batch = 127, .heads = 131, .q_len = 1'000'003, .kv_len = 16'411, .head_dim = 257});
  check_footprint({.batch = 2, .heads = 3, .q_len = 5, .kv_len = 0, .head_dim = 7});
}
