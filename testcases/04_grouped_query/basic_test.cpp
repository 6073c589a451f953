#include "attends.h"
#include "cache.h"
#include "common/checker/attention/large_inputs.h"

using namespace workbook;
using namespace workbook::grouped_query;

TEST_CASE("repeat_kv keeps the copies of a KV head together", "[basic][repeat_kv][2pt]") {
  const auto [batch, kv_heads, kv_len, head_dim, n_rep] = GENERATE(table<int, int, int, int, int>(
      {{1, 2, 3, 4, 2}, {2, 3, 5, 7, 4}, {2, 1, 4, 8, 3}, {1, 4, 1, 1, 2}, {3, 2, 6, 5, 1}}));
  const Tensor kv = random_normal({batch, kv_heads, kv_len, head_dim});
  CHECK_THAT(student<repeat_kv>(kv, n_rep),
             matches(oracle::repeat_kv(kv, n_rep), exact())
                 .but_not([&] { return oracle::tile_kv(kv, n_rep); },
                          "the copies come in turn (0 1 0 1): repeat_kv keeps the copies of one KV head next to each "
                          "other (0 0 1 1), so result head h is KV head h / n_rep")
                 .but_not([&] { return oracle::repeat_kv(first_batch_only(kv), n_rep); },
                          "every batch holds the heads of batch 0"));
}

TEST_CASE("repeat_kv refuses less than one copy", "[basic][repeat_kv][1pt]") {
  const Tensor kv = random_normal({1, 2, 3, 4});
  CHECK_THROWS_AS(student<repeat_kv>(kv, 0), std::invalid_argument);
  CHECK_THROWS_AS(student<repeat_kv>(kv, -1), std::invalid_argument);
}

TEST_CASE("query head h reads KV head h / n_rep", "[basic][grouped_query_attention][3pt]") {
  // More than one KV head, and more than one query head to each: elsewhere, right and wrong coincide.
  const auto [heads, kv_heads] = GENERATE(table<int, int>({{4, 2}, {6, 3}, {8, 2}}));
  const auto in = random_inputs({2, heads, kv_heads, 5, 7, 8});
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, {}), attends(in, AttentionOptions{}));
}

TEST_CASE("a query attends to no later position", "[basic][grouped_query_attention][2pt]") {
  const auto in = random_inputs({2, 4, 2, 9, 9, 8});
  const AttentionOptions causal{.mask = Mask::causal};
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, causal), attends(in, causal));
}

TEST_CASE("multi-head and multi-query attention are special cases", "[basic][grouped_query_attention][1pt]") {
  const int kv_heads = GENERATE(6, 1);  // as many as heads: multi-head; one: multi-query
  const auto in = random_inputs({2, 6, kv_heads, 5, 5, 8});
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, {}), attends(in, AttentionOptions{}));
}

TEST_CASE("64 query heads read 8 KV heads where they are", "[basic][grouped_query_attention][2pt]") {
  // One decoding step with LLaMA 3 70B's heads and a cache of 256 positions: keys and values of 1 MiB each.
  const auto in = uniform_inputs({1, 64, 8, 1, 256, 128});
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, {}), attends(in, AttentionOptions{}));
  CHECK_THAT(evidence(), workspace_at_most(320 << 10,
                                           "one head's scores are 1 KiB, and matmul may want 256 KiB to pack what it "
                                           "multiplies; keys and values copied to all 64 heads are 16 MiB"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; with copies it would be 16 MiB");
}

TEST_CASE("the layer projects, attends and projects back", "[basic][forward][3pt]") {
  const Layer layer = random_layer(2, 6, 24, {.heads = 4, .kv_heads = 2, .head_dim = 6});
  CHECK_THAT(run(layer), projects_and_attends(layer));
}

TEST_CASE("a cache holds keys and values", "[basic][kv_cache_bytes][1pt]") {
  const CacheShape shape{.layers = 3, .batch = 2, .kv_heads = 5, .kv_len = 7, .head_dim = 11, .bytes_per_element = 4};
  CHECK_THAT(student<kv_cache_bytes>(shape), is_cache_size(shape));
}

TEST_CASE("LLaMA 3: the cache is 8 and 16 times smaller", "[basic][kv_cache_bytes][2pt]") {
  const auto [model, heads] = GENERATE(table<CacheShape, int>({{kLlama3_70B, 64}, {kLlama3_405B, 128}}));
  CacheShape multi_head = model;
  multi_head.kv_heads = heads;
  const std::int64_t grouped = student<kv_cache_bytes>(model);
  REQUIRE_THAT(grouped, is_cache_size(model));
  const std::int64_t full = student<kv_cache_bytes>(multi_head);
  REQUIRE_THAT(full, is_cache_size(multi_head));
  CHECK(full == grouped * (heads / model.kv_heads));
}
