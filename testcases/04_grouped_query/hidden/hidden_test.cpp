#include "attends.h"
#include "cache.h"

using namespace workbook;
using namespace workbook::grouped_query;

// Hint: try shapes of your own in which no two extents are equal.
TEST_CASE("attention is right for shapes drawn at random", "[hidden][grouped_query_attention][2pt]") {
  for (int i = 0; i < 12; ++i) {
    const std::int64_t kv_heads = random_integer(2, 5);
    const auto in = random_inputs({random_integer(1, 3), kv_heads * random_integer(2, 4), kv_heads,
                                   random_integer(1, 20), random_integer(1, 20), random_integer(1, 33)});
    const AttentionOptions options{.mask = i % 3 == 0 ? Mask::none : Mask::causal};
    CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, options), attends(in, options));
  }
}

// Hint: there may be no keys at all. What is the softmax of nothing?
TEST_CASE("no keys at all give zeros", "[hidden][grouped_query_attention][1pt]") {
  const auto in = random_inputs({1, 4, 2, 3, 0, 5});
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, {}), matches(Tensor({1, 4, 3, 5}), zeros()));
}

// Hint: test the number of KV heads before you divide by it.
TEST_CASE("no KV heads are refused", "[hidden][grouped_query_attention][1pt]") {
  const auto in = random_inputs({1, 4, 0, 3, 3, 5});
  CHECK_THROWS_AS(student<grouped_query_attention>(in.q, in.k, in.v, {}), std::invalid_argument);
}

// Hint: a query head can read its KV head where it is. What do you copy?
TEST_CASE("decoding works where copies do not fit", "[hidden][grouped_query_attention][2pt]") {
  const auto in = random_inputs({1, 128, 8, 1, 256, 128});
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, {}), attends(in, AttentionOptions{}));
  CHECK_THAT(evidence(), workspace_at_most(
                             320 << 10, "one head's scores are 1 KiB, and matmul may want 256 KiB; copies are 32 MiB"));
}

// Hint: heads, KV heads, their size and the width of the input are all independent.
TEST_CASE("the layer is right for shapes drawn at random", "[hidden][forward][2pt]") {
  for (int i = 0; i < 8; ++i) {
    const int kv_heads = static_cast<int>(random_integer(2, 4));
    const Layer layer = random_layer(random_integer(1, 3), random_integer(2, 12), random_integer(5, 40),
                                     {.heads = kv_heads * static_cast<int>(random_integer(2, 3)),
                                      .kv_heads = kv_heads,
                                      .head_dim = static_cast<int>(random_integer(2, 12)),
                                      .mask = i % 2 ? Mask::none : Mask::causal});
    CHECK_THAT(run(layer), projects_and_attends(layer));
  }
}

// Hint: how many heads' scores are alive at once?
TEST_CASE("the layer keeps one head's scores at a time", "[hidden][forward][1pt]") {
  const Layer layer = random_layer(1, 256, 32, {.heads = 128, .kv_heads = 64, .head_dim = 2});
  CHECK_THAT(run(layer), projects_and_attends(layer));
  CHECK_THAT(evidence(), workspace_at_most(1792 << 10,
                                           "the projections and the heads' results are 768 KiB, a group's "
                                           "scores 512 KiB; the scores of all heads are 32 MiB"));
}

// Hint: the numbers get large. In which type is each product computed?
TEST_CASE("cache sizes are exact in 64 bits", "[hidden][kv_cache_bytes][1pt]") {
  // About 2^57: beyond the 53 bits of a double as well.
  const CacheShape shape{
      .layers = 999'983, .batch = 1009, .kv_heads = 127, .kv_len = 8191, .head_dim = 31, .bytes_per_element = 2};
  CHECK(student<kv_cache_bytes>(shape) == std::int64_t{2} * 999'983 * 1009 * 127 * 8191 * 31 * 2);
  CHECK(student<kv_cache_bytes>({.kv_len = 0}) == 0);
}
