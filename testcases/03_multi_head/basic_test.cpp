#include "attends.h"
#include "cost.h"
#include "layer.h"

using namespace workbook;
using namespace workbook::multi_head;

TEST_CASE("head h is channels h * head_dim to (h + 1) * head_dim", "[basic][split_heads][2pt]") {
  const auto [batch, seq, heads, head_dim] = GENERATE(table<int, int, int, int>(
      {{1, 4, 2, 3}, {2, 5, 3, 4}, {3, 1, 4, 2}, {2, 6, 8, 7}, {2, 3, 1, 5}, {2, 0, 3, 4}, {0, 4, 2, 3}}));
  const Tensor x = random_normal({batch, seq, heads * head_dim});
  CHECK_THAT(student<split_heads>(x, heads), is_split(x, heads));
}

TEST_CASE("a width that is no multiple of heads is refused", "[basic][split_heads][1pt]") {
  const auto [width, heads] = GENERATE(table<int, int>({{12, 5}, {3, 4}, {13, 2}, {12, 0}, {12, -3}}));
  const Tensor x = random_normal({2, 3, width});
  CHECK_THAT([&] { student<split_heads>(x, heads); }, refuses_to_cut(width, heads));
}

TEST_CASE("merging puts the heads side by side", "[basic][merge_heads][2pt]") {
  const auto [batch, seq, heads, head_dim] = GENERATE(table<int, int, int, int>(
      {{1, 4, 2, 3}, {2, 5, 3, 4}, {3, 1, 4, 2}, {2, 6, 8, 7}, {2, 3, 1, 5}, {2, 0, 3, 4}, {0, 4, 2, 3}}));
  const Tensor x = random_normal({batch, heads, seq, head_dim});
  CHECK_THAT(student<merge_heads>(x), is_merged(x));
}

TEST_CASE("every head attends on its own", "[basic][multi_head_attention][3pt]") {
  const auto [heads, head_dim] = GENERATE(table<int, int>({{2, 4}, {3, 8}, {4, 1}}));
  const auto in = random_inputs(2, 5, 7, heads * head_dim);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, {.heads = heads}), attends(in, {.heads = heads}));
}

TEST_CASE("8 heads of 56 channels", "[basic][multi_head_attention][2pt]") {
  // No power of two anywhere: not the next one, 64, but 56 is under the square root.
  const auto in = random_inputs(2, 6, 6, 448);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, {.heads = 8}), attends(in, {.heads = 8}));
}

TEST_CASE("a query attends to no later position", "[basic][multi_head_attention][1pt]") {
  const LayerConfig config{.heads = 3, .mask = Mask::causal};
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{7, 7}, {3, 8}, {1, 5}}));
  const auto in = random_inputs(2, q_len, kv_len, 12);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, config), attends(in, config));
}

TEST_CASE("self-attention: everything is made from x", "[basic][forward][2pt]") {
  const Layer layer = random_self_layer({2, 6, 24}, 24, {.heads = 4, .mask = GENERATE(Mask::none, Mask::causal)});
  CHECK_THAT(run(layer), projects_and_attends(layer));
}

TEST_CASE("cross-attention: keys and values are made from memory", "[basic][forward][3pt]") {
  const int kv_len = GENERATE(5, 9);  // as long as the queries, and longer
  const Layer layer = random_layer({2, 5, 24}, {2, kv_len, 24}, 24, {.heads = 4});
  CHECK_THAT(run(layer), projects_and_attends(layer));
}

TEST_CASE("a layer's parameters, operations and scores", "[basic][layer_cost][2pt]") {
  check_cost({.batch = 2, .q_len = 3, .kv_len = 5, .d_model = 7, .heads = 11, .head_dim = 13});
  check_cost({.batch = 4, .q_len = 1, .kv_len = 1024, .d_model = 512, .heads = 16, .head_dim = 32});
}

TEST_CASE("heads cost no arithmetic", "[basic][layer_cost][1pt]") {
  // One head of 448 channels, or 448 heads of one: the same matrices, the same operations, other numbers of scores.
  const auto cut_into = [](int heads) {
    return check_cost({.q_len = 128, .kv_len = 128, .d_model = 448, .heads = heads, .head_dim = 448 / heads});
  };
  const LayerCost one = cut_into(1);
  for (const int heads : {2, 8, 56, 448}) {
    const LayerCost many = cut_into(heads);
    CHECK(many.parameters == one.parameters);
    CHECK(many.projection_flops == one.projection_flops);
    CHECK(many.attention_flops == one.attention_flops);
    CHECK(many.scores / heads == one.scores);
  }
}

TEST_CASE("at 2 d_model tokens attention costs as much as its projections", "[basic][layer_cost][1pt]") {
  const auto [d_model, heads] = GENERATE(table<int, int>({{448, 8}, {768, 12}, {4096, 32}}));
  const auto of_length = [d = d_model, h = heads](int seq) {
    return check_cost({.q_len = seq, .kv_len = seq, .d_model = d, .heads = h, .head_dim = d / h});
  };
  const LayerCost balanced = of_length(2 * d_model), short_text = of_length(d_model / 2);
  CHECK(balanced.attention_flops == balanced.projection_flops);
  CHECK(short_text.attention_flops == short_text.projection_flops / 4);
}
