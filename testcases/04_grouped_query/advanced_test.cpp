#include "attends.h"
#include "cache.h"

using namespace workbook;
using namespace workbook::grouped_query;

TEST_CASE("heads that do not divide are refused", "[advanced][grouped_query_attention][1pt]") {
  const auto [heads, kv_heads] = GENERATE(table<int, int>({{6, 4}, {4, 6}, {7, 2}}));
  SECTION("by grouped_query_attention") {
    const auto in = random_inputs({1, heads, kv_heads, 3, 3, 5});
    CHECK_THAT([&] { student<grouped_query_attention>(in.q, in.k, in.v, {}); }, refuses_to_share(heads, kv_heads));
  }
  SECTION("by forward") {
    const Layer layer = random_layer(1, 3, 8, {.heads = heads, .kv_heads = kv_heads, .head_dim = 5});
    CHECK_THAT([&] { student<forward>(layer.x, layer.weights, layer.config); }, refuses_to_share(heads, kv_heads));
  }
}

TEST_CASE("a new query sees the whole cache", "[advanced][grouped_query_attention][2pt]") {
  // Decoding: the queries are the last q_len of kv_len positions.
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{1, 6}, {3, 8}, {5, 6}}));
  const auto in = random_inputs({2, 4, 2, q_len, kv_len, 8});
  const AttentionOptions causal{.mask = Mask::causal};
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, causal), attends(in, causal));
}

TEST_CASE("a query that sees no key gives zeros", "[advanced][grouped_query_attention][1pt]") {
  // Aligned at the end, the first q_len - kv_len queries stand before the first key.
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {7, 2}}));
  const auto in = random_inputs({2, 4, 2, q_len, kv_len, 8});
  const AttentionOptions causal{.mask = Mask::causal};
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, causal), attends(in, causal));
}

TEST_CASE("logits may have any size", "[advanced][grouped_query_attention][1pt]") {
  const AttentionOptions options{.mask = GENERATE(Mask::none, Mask::causal)};
  SECTION("large everywhere") {
    const auto in = random_inputs({2, 4, 2, 6, 6, 16}, 20);
    CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, options), attends(in, options));
  }
  SECTION("outliers") {
    auto in = random_inputs({2, 4, 2, 6, 6, 16});
    in.q = random_outliers(in.q.shape());
    in.k = random_outliers(in.k.shape());
    CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, options), attends(in, options));
  }
}

TEST_CASE("a given scale is used", "[advanced][grouped_query_attention][1pt]") {
  const auto in = random_inputs({2, 4, 2, 5, 6, 9});
  const AttentionOptions options{.scale = GENERATE(0.1f, 1.f, 0.f)};
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, options), attends(in, options));
}

TEST_CASE("no size is special", "[advanced][grouped_query_attention][1pt]") {
  const auto [batch, heads, kv_heads, q_len, kv_len, head_dim] = GENERATE(table<int, int, int, int, int, int>(
      {{3, 4, 2, 1, 1, 1}, {1, 9, 3, 13, 17, 7}, {2, 6, 2, 3, 31, 56}, {1, 10, 2, 67, 67, 40}}));
  const auto in = random_inputs({batch, heads, kv_heads, q_len, kv_len, head_dim});
  const AttentionOptions causal{.mask = Mask::causal};
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, causal), attends(in, causal));
}

TEST_CASE("with identical KV heads it equals multi-head attention", "[advanced][grouped_query_attention][1pt]") {
  const int heads = 8;
  const auto one = random_inputs({2, heads, 1, 5, 7, 8});
  const auto shared = [&](int kv_heads) {
    return student<grouped_query_attention>(one.q, to_float(oracle::repeat_kv(one.k, kv_heads)),
                                            to_float(oracle::repeat_kv(one.v, kv_heads)), {});
  };
  const Tensor multi_head = shared(heads);
  auto tolerance = oracle::attention_rounding(one.q, one.k, one.v, {}, oracle::attention(one.q, one.k, one.v));
  tolerance.absolute *= 2;  // either side has its own rounding
  for (const int kv_heads : {1, 2, 4}) CHECK_THAT(shared(kv_heads), matches(multi_head, tolerance));
}

TEST_CASE("scores of one head at a time", "[advanced][grouped_query_attention][1pt]") {
  const auto in = random_inputs({1, 128, 64, 192, 192, 8});
  const AttentionOptions causal{.mask = Mask::causal};
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, causal), attends(in, causal));
  CHECK_THAT(evidence(),
             workspace_at_most(640 << 10,
                               "one head's scores are 144 KiB, a group's 288 KiB, and matmul may want 256 KiB; "
                               "the scores of all 128 heads are 18 MiB"));
}

TEST_CASE("keys and values are as wide as the KV heads", "[advanced][forward][2pt]") {
  const auto [d_model, heads, kv_heads, head_dim] =
      GENERATE(table<int, int, int, int>({{56, 8, 2, 7}, {20, 6, 3, 5}, {20, 4, 1, 3}}));
  const Layer layer = random_layer(2, 5, d_model, {.heads = heads, .kv_heads = kv_heads, .head_dim = head_dim});
  CHECK_THAT(run(layer), projects_and_attends(layer));
}

TEST_CASE("the layer keeps to its mask, from the first token on", "[advanced][forward][1pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const int seq = GENERATE(1, 2, 11);
  const Layer layer = random_layer(2, seq, 24, {.heads = 4, .kv_heads = 2, .head_dim = 6, .mask = mask});
  CHECK_THAT(run(layer), projects_and_attends(layer));
}

TEST_CASE("a cache of more than 2 GiB is counted right", "[advanced][kv_cache_bytes][1pt]") {
  CacheShape shape = kLlama3_70B;
  shape.kv_len = 128 * 1024;  // LLaMA 3.1's context
  shape.batch = GENERATE(1, 3, 17);
  CHECK_THAT(student<kv_cache_bytes>(shape), is_cache_size(shape));
}
