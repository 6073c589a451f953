#include "attends.h"
#include "common/checker/attention/large_inputs.h"
#include "cost.h"
#include "layer.h"

using namespace workbook;
using namespace workbook::multi_head;

namespace {

/// q [batch, q_len, width], k and v [batch, kv_len, width].
Inputs large_uniform_inputs(std::int64_t batch, std::int64_t q_len, std::int64_t kv_len, std::int64_t width) {
  return in_three_axes(uniform_inputs({.batch = batch, .q_len = q_len, .kv_len = kv_len, .head_dim = width}));
}

}  // namespace

TEST_CASE("heads are read where they are", "[advanced][multi_head_attention][2pt]") {
  const LayerConfig config{.heads = 16, .mask = Mask::causal};
  const auto in = large_uniform_inputs(16, 16, 16, 16 * 56);  // q, k and v: 896 KiB each
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, config), matches_heads(in, config));
  CHECK_THAT(evidence(), workspace_at_most(320 << 10,
                                           "one head's scores are 1 KiB, and matmul may want 256 KiB to pack what it "
                                           "multiplies; q, k and v split into heads are 896 KiB each"));
}

TEST_CASE("scores of one head at a time", "[advanced][multi_head_attention][1pt]") {
  const auto in = random_inputs(1, 128, 128, 128);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, {.heads = 64}), matches_heads(in, {.heads = 64}));
  CHECK_THAT(evidence(), workspace_at_most(384 << 10,
                                           "one head's scores are 64 KiB, and matmul may want 256 KiB; those of all "
                                           "heads are 4 MiB"));
}

TEST_CASE("a query that sees no key gives zeros", "[advanced][multi_head_attention][1pt]") {
  const LayerConfig config{.heads = 2, .mask = Mask::causal};
  const auto in = random_inputs(2, 5, GENERATE(3, 1, 0), 8);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, config), attends(in, config));
}

TEST_CASE("one head is read where it is", "[advanced][multi_head_attention][1pt]") {
  const auto in = large_uniform_inputs(1, 1, 4096, 2 * 72);  // a head's keys are 1.1 MiB, and so are its values
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, {.heads = 2}), matches_heads(in, {.heads = 2}));
  CHECK_THAT(evidence(),
             workspace_at_most(96 << 10,
                               "one head's scores are 16 KiB, and with a single query matmul wants no more; "
                               "a head's keys, copied, are 1.1 MiB"));
}

TEST_CASE("logits may have any size", "[advanced][multi_head_attention][1pt]") {
  const LayerConfig config{.heads = 4, .mask = GENERATE(Mask::none, Mask::causal)};
  auto in = large_inputs(2, 6, 6, 64);
  SECTION("large everywhere") {
    CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, config), attends(in, config));
  }
  SECTION("outliers") {
    in = large_inputs(2, 6, 6, 64, 3);
    in.q = whole_numbers(random_outliers(in.q.shape()));
    CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, config), attends(in, config));
  }
}

TEST_CASE("keys with equal scores count the same, whatever their score is", "[advanced][multi_head_attention][2pt]") {
  const LayerConfig config{.heads = 2, .mask = GENERATE(Mask::none, Mask::causal)};
  const auto in = inputs_of_equal_scores(2, 14, config.heads, 4);
  INFO(kOneScoreEach);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, config), attends(in, config));
}

TEST_CASE("a query that sees one key returns its value, bit by bit", "[advanced][multi_head_attention][1pt]") {
  const auto [len, mask] = GENERATE(table<int, Mask>({{5, Mask::causal}, {1, Mask::none}}));
  const auto in = random_inputs(2, len, len, 12);
  const Tensor got = student<multi_head_attention>(in.q, in.k, in.v, {.heads = 3, .mask = mask});
  const auto first_row = [](const Tensor& x) {
    return x.shape().rank() == 3 ? first_rows(x.reshaped({x.dim(0), 1, x.dim(1), x.dim(2)})) : x;
  };
  CHECK_THAT(first_row(got), are_values(to_double(first_row(in.v))));
}

TEST_CASE("a second call knows nothing of the first", "[advanced][multi_head_attention][1pt]") {
  const auto earlier = random_inputs(2, 5, 6, 12), in = random_inputs(2, 5, 6, 12);
  const LayerConfig old{.heads = 2}, config{.heads = 3, .mask = Mask::causal};
  student<multi_head_attention>(earlier.q, earlier.k, earlier.v, old);
  for (int n = 0; n < 2; ++n)
    CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, config), attends_after(earlier, old, in, config));
  CHECK_THAT(student<multi_head_attention>(earlier.q, earlier.k, earlier.v, old),
             attends_after(in, config, earlier, old));
  const auto smaller = random_inputs(1, 3, 4, 12);
  CHECK_THAT(student<multi_head_attention>(smaller.q, smaller.k, smaller.v, old), attends(smaller, old));
}

TEST_CASE("no extent is too large", "[advanced][multi_head_attention][2pt]") {
  const auto [q_len, kv_len, heads, head_dim] = GENERATE(table<int, int, int, int>(
      {{2, 9001, 2, 3}, {1101, 6, 2, 3}, {3, 5, 2, 301}, {3, 4, 70, 3}, {2, 3, 1, 1030}, {2, 2, 1100, 1}}));
  const auto in = random_inputs(2, q_len, kv_len, heads * head_dim);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, {.heads = heads}), attends(in, {.heads = heads}));
}

TEST_CASE("no size is special", "[advanced][multi_head_attention][1pt]") {
  const auto [batch, q_len, kv_len, heads, head_dim] = GENERATE(
      table<int, int, int, int, int>({{3, 1, 1, 1, 1}, {1, 13, 17, 5, 7}, {2, 31, 3, 3, 80}, {1, 67, 67, 2, 40}}));
  const LayerConfig config{.heads = heads, .mask = GENERATE(Mask::none, Mask::causal)};
  const auto in = random_inputs(batch, q_len, kv_len, heads * head_dim);
  CHECK_THAT(student<multi_head_attention>(in.q, in.k, in.v, config), attends(in, config));
}

TEST_CASE("heads that do not divide the width are refused", "[advanced][multi_head_attention][1pt]") {
  const auto [width, heads] = GENERATE(table<int, int>({{12, 5}, {13, 2}, {12, 0}, {12, -3}}));
  const auto in = random_inputs(1, 3, 4, width);
  CHECK_THAT([&] { student<multi_head_attention>(in.q, in.k, in.v, {.heads = heads}); }, refuses_to_cut(width, heads));
}

TEST_CASE("the width of the heads need not be d_model", "[advanced][forward][2pt]") {
  const auto [d_model, heads, head_dim] = GENERATE(table<int, int, int>({{20, 3, 7}, {9, 2, 8}, {30, 4, 5}}));
  const Layer layer = random_self_layer({2, 5, d_model}, heads * head_dim, {.heads = heads});
  CHECK_THAT(run(layer), projects_and_attends(layer));
}

TEST_CASE("memory may be wider, longer, and another for every batch", "[advanced][forward][1pt]") {
  const auto [q_len, kv_len, d_memory] = GENERATE(table<int, int, int>({{4, 11, 17}, {1, 6, 5}, {7, 2, 33}}));
  const LayerConfig config{.heads = 4, .mask = GENERATE(Mask::none, Mask::causal)};
  const Layer layer = random_layer({3, q_len, 18}, {3, kv_len, d_memory}, 20, config);
  CHECK_THAT(run(layer), projects_and_attends(layer));
}

TEST_CASE("a second layer knows nothing of the first", "[advanced][forward][1pt]") {
  const LayerConfig config{.heads = 4};
  const Layer earlier = random_layer({2, 5, 18}, {2, 7, 18}, 20, config);
  const Layer layer = random_layer({2, 5, 18}, {2, 7, 18}, 20, config);
  run(earlier);
  CHECK_THAT(run(layer), projects_after(earlier, layer));
  CHECK_THAT(run(earlier), projects_after(layer, earlier));
  CHECK_THAT(run(layer), projects_after(earlier, layer));
}

TEST_CASE("a cost of more than 2^31 is counted right", "[advanced][layer_cost][1pt]") {
  const int batch = GENERATE(1, 64);
  check_cost({.batch = batch, .q_len = 131'072, .kv_len = 131'072, .d_model = 8192, .heads = 64, .head_dim = 128});
}

TEST_CASE("no two extents are multiplied or added in int", "[advanced][layer_cost][1pt]") {
  for (const auto a : kExtents) {
    LayerShape largest;
    largest.*a = 2'147'483'647;  // so the sum of two extents is no int either
    check_cost(largest);
    for (const auto b : kExtents) {
      if (a == b) continue;
      LayerShape shape;
      shape.*a = 65'537;
      shape.*b = 65'539;
      check_cost(shape);
    }
  }
  // Beyond the 53 bits of a double, too.
  check_cost({.batch = 3, .q_len = 1'000'003, .kv_len = 100'003, .d_model = 100'003, .heads = 1021, .head_dim = 1031});
}
