#include "attends.h"
#include "costs.h"
#include "layer.h"

using namespace workbook;
using namespace workbook::latent_attention;

namespace {

Inputs inputs_drawn_at_random() {
  return random_inputs({.batch = random_integer(1, 2),
                        .heads = random_integer(1, 4),
                        .q_len = random_integer(1, 12),
                        .kv_len = random_integer(1, 16),
                        .head_dim = random_integer(1, 12),
                        .rope_dim = 2 * random_integer(1, 5),
                        .value_dim = random_integer(1, 12),
                        .kv_rank = random_integer(1, 12)});
}

}  // namespace

// Hint: does the angle come from the pair's number, and from the position that row i really has?
TEST_CASE("rotation of any width", "[hidden][rope][1pt]") {
  const Tensor x = random_normal({2, 2, 5, 2 * random_integer(1, 20)});
  const std::int64_t first = random_integer(0, 5000);
  CHECK_THAT(student<rope>(x, first), is_rotated(x, first));
}

// Hint: the width of a head follows from shapes. Which part of it turns, and from which position on?
TEST_CASE("cache and queries of shapes drawn at random", "[hidden][queries][1pt]") {
  const int heads = static_cast<int>(random_integer(1, 5));
  const LayerWeights weights =
      random_weights({.heads = heads, .d_model = 13, .q_rank = 5, .head_dim = 3, .rope_dim = 6});
  const Tensor x = random_normal({2, 6, 13});
  CHECK_THAT(student<queries>(x, weights, heads, 31), are_queries(x, weights, heads, 31));
}

// Hint: a token that comes late stands late. What of it is rotated, and what is not?
TEST_CASE("compressed at a late position", "[hidden][compress][1pt]") {
  const LayerWeights weights = random_weights({.d_model = 13, .kv_rank = 3, .rope_dim = 10});
  const Tensor x = random_normal({2, 6, 13});
  check_cache(student<compress>(x, weights, 4001), x, weights, 4001);
}

// Hint: no two extents need be equal, and there may be more queries than keys.
TEST_CASE("expanded, for shapes drawn at random", "[hidden][expanded_attention][2pt]") {
  for (int i = 0; i < 12; ++i) {
    const Inputs in = inputs_drawn_at_random();
    CHECK_THAT(student<expanded_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
  }
}

// Hint: no two extents need be equal, and there may be more queries than keys.
TEST_CASE("absorbed, for shapes drawn at random", "[hidden][absorbed_attention][2pt]") {
  for (int i = 0; i < 12; ++i) {
    const Inputs in = inputs_drawn_at_random();
    CHECK_THAT(student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
  }
}

// Hint: is anything that you allocate as long as the cache and as wide as a head?
TEST_CASE("absorbed works where the keys of one head do not fit", "[hidden][absorbed_attention][2pt]") {
  const Inputs in = random_inputs(
      {.heads = 1, .q_len = 1, .kv_len = 5632, .head_dim = 256, .rope_dim = 2, .value_dim = 256, .kv_rank = 5});
  CHECK_THAT(student<absorbed_attention>(in.q, in.cache, in.w_uk, in.w_uv), attends(in));
  CHECK_THAT(evidence(), workspace_at_most(64 << 10,
                                           "a row of scores is 22 KiB, and matmul wants some; keys and values of one "
                                           "head are 11 MiB"));
}

// Hint: head_dim and value_dim are different numbers. Which of them do the rows of w_o come in?
TEST_CASE("the layer, another shape", "[hidden][forward][1pt]") {
  const LayerWeights weights = random_weights(
      {.heads = 4, .d_model = 20, .q_rank = 6, .kv_rank = 9, .head_dim = 5, .rope_dim = 2, .value_dim = 7});
  const Tensor x = random_normal({1, 11, 20});
  CHECK_THAT(student<forward>(x, weights, 4, GENERATE(Form::expanded, Form::absorbed)), is_layer(x, weights, 4));
}

// Hint: the numbers get large. In which type is each product computed?
TEST_CASE("work is exact in 64 bits", "[hidden][flops][1pt]") {
  const Problem problem{
      .q_len = 100'003, .kv_len = 999'983, .head_dim = 127, .value_dim = 131, .rope_dim = 64, .kv_rank = 511};
  for (const Form form : {Form::expanded, Form::absorbed})
    CHECK_THAT(student<flops>(form, problem), costs(form, problem));
}
