#include "attends.h"
#include "cost.h"
#include "layer.h"

using namespace workbook;
using namespace workbook::multi_head;

// Hint: any number of heads, any lengths: queries and keys need not be equally many.
TEST_CASE("attention is right for shapes drawn at random", "[hidden][multi_head_attention][2pt]") {
  for (int i = 0; i < 12; ++i) {
    const LayerConfig config{.heads = static_cast<int>(random_integer(1, 6)),
                             .mask = i % 3 ? Mask::causal : Mask::none};
    const auto in = random_inputs(random_integer(1, 3), random_integer(1, 20), random_integer(1, 20),
                                  config.heads * random_integer(1, 33));
    CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, config), attends(in, config));
  }
}

// Hint: which numbers of heads make no sense? Test before you divide.
TEST_CASE("no heads are refused", "[hidden][split_heads][1pt]") {
  const int heads = GENERATE(0, -2);
  CHECK_THROWS_AS(student<split_heads>(random_normal({1, 3, 4}), heads), std::invalid_argument);
}

// Hint: there may be no keys at all. What is the softmax of nothing?
TEST_CASE("no keys at all give zeros", "[hidden][multi_head_attention][1pt]") {
  const auto in = random_inputs(2, 3, 0, 8);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, {.heads = 2}), matches(Tensor({2, 3, 8}), zeros()));
}

// Hint: can you attend to a head without copying it out of its tensor?
TEST_CASE("attention works where copies do not fit", "[hidden][multi_head_attention][2pt]") {
  const auto in = random_inputs(80, 16, 16, 16 * 56);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, {.heads = 16}), attends(in, {.heads = 16}));
  CHECK_THAT(evidence(), workspace_at_most(384 << 10,
                                           "one head's scores are 1 KiB, and matmul may want 256 KiB; each split "
                                           "tensor would take 4.4 MiB"));
}

// Hint: the layer's input, its memory and its heads need not have one width.
TEST_CASE("the layer is right for shapes drawn at random", "[hidden][forward][2pt]") {
  for (int i = 0; i < 8; ++i) {
    const LayerConfig config{.heads = static_cast<int>(random_integer(2, 5)),
                             .mask = i % 2 ? Mask::causal : Mask::none};
    const std::int64_t batch = random_integer(1, 3);
    const Layer layer = random_layer({batch, random_integer(1, 9), random_integer(3, 30)},
                                     {batch, random_integer(1, 9), random_integer(3, 30)},
                                     config.heads * random_integer(1, 12), config);
    CHECK_THAT(run(layer), projects_and_attends(layer));
  }
}

// Hint: which columns of the projections belong to a head, and which rows of the last one?
TEST_CASE("heads may be put in any order", "[hidden][forward][1pt]") {
  // Heads 0 and 1 exchanged in all four matrices: each has its own columns of w_q, w_k and w_v and its rows of w_o.
  const std::int64_t head_dim = 5;
  Layer layer = random_self_layer({2, 6, 16}, 2 * head_dim, {.heads = 2, .mask = Mask::causal});
  const Tensor before = run(layer);
  const auto exchange = [](auto a, auto b) { a.swap(b); };
  for (Tensor* w : {&layer.weights.w_q, &layer.weights.w_k, &layer.weights.w_v})
    exchange(w->matrix().leftCols(head_dim), w->matrix().rightCols(head_dim));
  exchange(layer.weights.w_o.matrix().topRows(head_dim), layer.weights.w_o.matrix().bottomRows(head_dim));
  const auto p = parts_of(layer);
  auto tolerance = oracle::attention_layer_rounding(p.q_from, p.w, 2, 2, p.options);
  tolerance.absolute *= 2;  // either side has its own rounding
  CHECK_THAT(run(layer), matches(before, tolerance));
}

// Hint: what must be checked before the first product?
TEST_CASE("heads that do not divide are refused before anything else", "[hidden][forward][1pt]") {
  const Layer layer = random_self_layer({1, 3, 8}, 12, {.heads = 5});
  CHECK_THAT([&] { student<forward>(layer.x, layer.memory, layer.weights, layer.config); }, refuses_to_cut(12, 5));
}

// Hint: the numbers get large. In which type is each product computed?
TEST_CASE("counts are exact in 64 bits", "[hidden][layer_cost][1pt]") {
  check_cost({.batch = 3, .q_len = 999'983, .kv_len = 100'003, .d_model = 1009, .heads = 127, .head_dim = 31});
  check_cost({.q_len = 0, .kv_len = 5});
}
