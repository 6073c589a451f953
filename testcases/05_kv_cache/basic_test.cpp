#include <fmt/format.h>

#include "costs.h"
#include "layer.h"
#include "rotation.h"

using namespace workbook;
using namespace workbook::kv_cache;

TEST_CASE("channel c turns with channel c + head_dim / 2", "[basic][rope][2pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1, 1, 5, 2}, Shape{1, 3, 4, 8}));
  const PositionIds ids = some_ids(1, x.dim(2));
  CHECK_THAT(student<rope>(x, ids, 10'000), is_rotated(x, ids, 10'000));
}

TEST_CASE("each token turns by its own position id", "[basic][rope][2pt]") {
  const Tensor x = random_normal({3, 2, 5, 6});
  const PositionIds ids = some_ids(3, 5, 11);
  const double base = GENERATE(10'000, 500'000);
  CHECK_THAT(student<rope>(x, ids, base), is_rotated(x, ids, base));
}

TEST_CASE("scores see only the distance of position ids", "[basic][rope][1pt]") {
  const Tensor q = random_normal({1, 1, 1, 8}), k = random_normal({1, 1, 1, 8});
  const auto product = [](const auto& a, const auto& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  const auto at = [](std::int64_t id) { return PositionIds({1, 1}, {id}); };
  const auto score = [&](std::int64_t at_q, std::int64_t at_k) {
    const Tensor a = student<rope>(q, at(at_q), 10'000), b = student<rope>(k, at(at_k), 10'000);
    REQUIRE(a.shape() == q.shape());
    REQUIRE(b.shape() == k.shape());
    return product(a.row(0, 0, 0), b.row(0, 0, 0));
  };
  const double expected = product(rotated(q, at(3), 10'000).row(0, 0, 0), to_double(k).row(0, 0, 0));
  CHECK_THAT(score(5, 2), matches(expected, rounding(64, 8)));
  CHECK_THAT(score(1005, 1002), matches(expected, rounding(64, 8)));
}

TEST_CASE("columns are put in the other order, head by head", "[basic][change_pairing][2pt]") {
  const Pairing to = GENERATE(Pairing::halves, Pairing::neighbours);
  const int heads = GENERATE(1, 3);
  const Tensor w = random_normal({5, heads * 8});
  CHECK_THAT(student<change_pairing>(w, heads, to), has_pairing(w, heads, to));
}

TEST_CASE("there and back is where the columns were", "[basic][change_pairing][1pt]") {
  const Tensor w = random_normal({4, 3 * 10});
  const Tensor there = student<change_pairing>(w, 3, Pairing::halves);
  CHECK_THAT(there, has_pairing(w, 3, Pairing::halves));
  CHECK_THAT(student<change_pairing>(there, 3, Pairing::neighbours), has_pairing(there, 3, Pairing::neighbours));
}

TEST_CASE("new tokens come after those that are there", "[basic][append][3pt]") {
  Watched w({.batch = 2, .kv_heads = 3, .head_dim = 4, .capacity = 9}, 9);
  for (const std::int64_t count : {3, 1, 2}) {
    w.append(count);
    check_contents(w);
  }
}

TEST_CASE("a full cache refuses, and nothing is changed", "[basic][append][2pt]") {
  Watched w({.batch = 1, .kv_heads = 2, .head_dim = 3, .capacity = 5}, 9);
  w.append(4);
  w.append_too_many(3);
  check_contents(w);
  w.append(1);
  check_contents(w);
}

TEST_CASE("a ring keeps the last tokens", "[basic][append][2pt]") {
  Watched w({.batch = 2, .kv_heads = 1, .head_dim = 3, .capacity = 4, .ring = true}, 12);
  for (const std::int64_t count : {3, 2, 1, 4}) {
    w.append(count);
    check_contents(w);
  }
}

TEST_CASE("tokens that are taken back make room", "[basic][truncate][2pt]") {
  Watched w({.batch = 1, .kv_heads = 2, .head_dim = 3, .capacity = 6}, 9);
  w.append(6);
  w.truncate(4);
  check_contents(w);
  w.append(2);
  check_contents(w);
  w.truncate(0);
  check_contents(w);
}

TEST_CASE("no more is taken back than is there", "[basic][truncate][1pt]") {
  Watched w({.batch = 1, .kv_heads = 1, .head_dim = 2, .capacity = 9}, 9);
  w.append(5);
  CHECK_THAT([&] { student<&KvCache::truncate>(w.cache, 7); }, is_refused("there are 5 tokens, not 7", 5, 7));
  CHECK_THAT([&] { student<&KvCache::truncate>(w.cache, -3); }, is_refused("a length is from 0 to 5, not -3", 5, -3));
  check_contents(w);
}

TEST_CASE("a prompt in one piece", "[basic][forward][3pt]") {
  const int heads = GENERATE(1, 2);
  const Sequences s = random_sequences({.batch = 2, .len = 6, .heads = heads, .kv_heads = heads});
  check_pieces(s, {0});
}

TEST_CASE("query heads share KV heads", "[basic][forward][1pt]") {
  const Sequences s = random_sequences({.batch = 1, .len = 5, .heads = 6, .kv_heads = 2});
  check_pieces(s, {0});
}

TEST_CASE("token by token gives what one piece gives", "[basic][forward][3pt]") {
  const Sequences s = random_sequences({.batch = 2, .len = 6, .heads = 4, .kv_heads = 2});
  check_pieces(s, every(1, 6));
}

TEST_CASE("without use_cache no trace is left", "[basic][forward][2pt]") {
  const Sequences s = random_sequences({.batch = 1, .len = 6, .heads = 2, .kv_heads = 1});
  Cache cache = cache_for(s);
  CHECK_THAT(run(s, 0, 3, cache), computes(first_of(s, 3), {0}));
  const Tensor before = student<&KvCache::storage>(cache);
  for (int i = 0; i < 2; ++i) {
    CHECK_THAT(run(s, 3, 6, cache, false), computes(s, {0, 3}));
    REQUIRE_THAT(student<&KvCache::seen>(cache),
                 is_count(3, "seen()").but_not(6, "the tokens are in the cache although use_cache is false"));
    CHECK_THAT(tokens_of(student<&KvCache::storage>(cache), 0, 3), matches(tokens_of(before, 0, 3), exact()));
  }
}

TEST_CASE("a cache holds keys and values of the KV heads, or latents", "[basic][cache_bytes][2pt]") {
  const Model heads{.layers = 3, .d_model = 96, .heads = 12, .kv_heads = 4, .head_dim = 10, .bytes_per_element = 4};
  CHECK_THAT(student<cache_bytes>(heads, 5, 7), is_cache_of(heads, 5, 7));
  const Model latent{
      .layers = 3, .d_model = 96, .heads = 12, .kv_heads = 12, .head_dim = 10, .kv_rank = 21, .rope_dim = 6};
  CHECK_THAT(student<cache_bytes>(latent, 5, 7), is_cache_of(latent, 5, 7));
}

TEST_CASE("a prompt computes, a decoded token fetches", "[basic][step_cost][3pt]") {
  const Model model{.layers = 2, .d_model = 21, .heads = 6, .kv_heads = 3, .head_dim = 5};
  const Step step = GENERATE(Step{.batch = 3, .past_len = 0, .q_len = 11}, Step{.batch = 3, .past_len = 10, .q_len = 1},
                             Step{.batch = 1, .past_len = 7, .q_len = 4});
  check_cost(student<step_cost>(model, step), model, step);
}
