#include "attends.h"
#include "cache.h"
#include "common/checker/attention/large_inputs.h"

using namespace workbook;
using namespace workbook::grouped_query;

TEST_CASE("heads that do not divide are refused", "[advanced][grouped_query_attention][1pt]") {
  const auto [heads, kv_heads] = GENERATE(table<int, int>({{6, 4}, {4, 6}, {7, 2}, {4, 0}}));
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
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {7, 2}, {3, 0}}));
  const auto in = random_inputs({2, 4, 2, q_len, kv_len, 8});
  const AttentionOptions causal{.mask = Mask::causal};
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, causal), attends(in, causal));
}

TEST_CASE("logits may have any size", "[advanced][grouped_query_attention][1pt]") {
  AttentionOptions options{.mask = GENERATE(Mask::none, Mask::causal)};
  const Sizes sizes{.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 6, .kv_len = 6, .head_dim = 16};
  SECTION("large everywhere") {
    options.scale = GENERATE(std::optional<float>(), std::optional<float>(-1.f));
    const auto in = inputs_of_large_scores(sizes);
    CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, options), attends(in, options));
  }
  SECTION("outliers") {
    auto in = inputs_of_large_scores(sizes, 3);
    in.q = whole_numbers(random_outliers(in.q.shape()));
    CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, options), attends(in, options));
  }
}

TEST_CASE("keys with equal scores count the same, whatever their score is",
          "[advanced][grouped_query_attention][2pt]") {
  const AttentionOptions options{.mask = GENERATE(Mask::none, Mask::causal)};
  const auto in = inputs_of_equal_scores(
      {.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 14, .kv_len = 14, .head_dim = 4}, kScoresOfAllSizes);
  INFO(kOneScoreEach);
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, options), attends(in, options));
}

TEST_CASE("a query that sees one key returns its value, bit by bit", "[advanced][grouped_query_attention][1pt]") {
  SECTION("the first of a causal mask") {
    const auto in = random_inputs({2, 4, 2, 5, 5, 8});
    CHECK_THAT(first_rows(student<grouped_query_attention>(in.q, in.k, in.v, {.mask = Mask::causal})),
               are_values(first_values(in)));
  }
  SECTION("with a single key") {
    const auto in = random_inputs({2, 4, 2, 1, 1, 8});
    CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, {}), are_values(first_values(in)));
  }
}

TEST_CASE("a second call knows nothing of the first", "[advanced][grouped_query_attention][1pt]") {
  const auto earlier = random_inputs({2, 4, 2, 5, 6, 8}), in = random_inputs({2, 4, 2, 5, 6, 8});
  const AttentionOptions old{.scale = 0.7f}, options{.mask = Mask::causal};
  student<grouped_query_attention>(earlier.q, earlier.k, earlier.v, old);
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, options),
             attends_after_call(earlier, old, in, options));
  CHECK_THAT(student<grouped_query_attention>(earlier.q, earlier.k, earlier.v, old),
             attends_after_call(in, options, earlier, old));
  const auto smaller = random_inputs({1, 2, 1, 3, 4, 8});
  CHECK_THAT(student<grouped_query_attention>(smaller.q, smaller.k, smaller.v, old), attends(smaller, old));
}

TEST_CASE("a given scale is used", "[advanced][grouped_query_attention][1pt]") {
  const auto in = random_inputs({2, 4, 2, 5, 6, 9});
  const AttentionOptions options{.scale = GENERATE(0.1f, 1.f, 0.f, -0.5f)};
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, options), attends(in, options));
}

TEST_CASE("no extent is too large", "[advanced][grouped_query_attention][2pt]") {
  const auto [heads, kv_heads, q_len, kv_len, head_dim] = GENERATE(table<int, int, int, int, int>(
      {{2, 1, 2, 9001, 3}, {2, 1, 1101, 6, 3}, {2, 1, 3, 5, 301}, {66, 2, 2, 3, 5}, {1, 1, 1, 1, 1030}}));
  const auto in = random_inputs({2, heads, kv_heads, q_len, kv_len, head_dim});
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, {}), attends(in, AttentionOptions{}));
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
  const auto in = random_inputs({1, 128, 64, 96, 96, 8});
  const AttentionOptions causal{.mask = Mask::causal};
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, causal),
             matches_attention(in, formula(in, Mask::causal)));
  CHECK_THAT(evidence(),
             workspace_at_most(400 << 10,
                               "one head's scores are 36 KiB, a group's 72 KiB, and matmul may want 256 KiB; "
                               "the scores of all 128 heads are 4.5 MiB"));
}

TEST_CASE("a KV head is not copied", "[advanced][grouped_query_attention][2pt]") {
  const auto in = uniform_inputs({1, 2, 1, 1, 6656, 128});  // one KV head of 3.25 MiB, and as much of values
  CHECK_THAT(student<grouped_query_attention>(in.q, in.k, in.v, {}), matches_attention(in, {}));
  CHECK_THAT(evidence(),
             workspace_at_most(320 << 10,
                               "the scores of a group are 52 KiB, and matmul may want 256 KiB; the keys of "
                               "one KV head are 3.25 MiB. A head's keys and values are read where they are"));
}

TEST_CASE("the layer copies no KV head to its query heads", "[advanced][forward][1pt]") {
  const Layer layer = random_layer(1, 32, 4, {.heads = 160, .kv_heads = 1, .head_dim = 64});
  CHECK_THAT(run(layer), matches_layer(layer));
  CHECK_THAT(evidence(), workspace_at_most(4 << 20,
                                           "queries, results and the results side by side are 1.25 MiB each; keys and "
                                           "values are 8 KiB each, and 1.25 MiB each if they are copied to all heads"));
}

TEST_CASE("a second layer knows nothing of the first", "[advanced][forward][1pt]") {
  const LayerConfig config{.heads = 4, .kv_heads = 2, .head_dim = 6};
  const Layer earlier = random_layer(2, 6, 20, config), layer = random_layer(2, 6, 20, config);
  run(earlier);
  CHECK_THAT(run(layer), projects_after(earlier, layer));
  CHECK_THAT(run(earlier), projects_after(layer, earlier));
  CHECK_THAT(run(layer), projects_after(earlier, layer));
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

TEST_CASE("no two extents of a cache are multiplied in int", "[advanced][kv_cache_bytes][1pt]") {
  for (const auto a : kExtents) {
    CacheShape largest{.bytes_per_element = 1};
    largest.*a = 2'147'483'647;
    CHECK_THAT(student<kv_cache_bytes>(largest), is_cache_size(largest));
    for (const auto b : kExtents) {
      if (a == b) continue;
      CacheShape shape{.bytes_per_element = 1};
      shape.*a = 65'537;
      shape.*b = 65'539;
      CHECK_THAT(student<kv_cache_bytes>(shape), is_cache_size(shape));
    }
  }
  const CacheShape shape{
      .layers = 125, .batch = 1'000'003, .kv_heads = 7, .kv_len = 1'048'573, .head_dim = 127, .bytes_per_element = 1};
  CHECK_THAT(student<kv_cache_bytes>(shape), is_cache_size(shape));  // beyond the 53 bits of a double, too
}
