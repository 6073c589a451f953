#include <fmt/format.h>

#include "costs.h"
#include "layer.h"
#include "rotation.h"

using namespace workbook;
using namespace workbook::kv_cache;

TEST_CASE("a million tokens into the text", "[advanced][rope][1pt]") {
  const Tensor x = random_normal({1, 2, 3, 8});
  const PositionIds ids({1, 3}, {100'003, 999'983, 1'000'000});
  CHECK_THAT(student<rope>(x, ids, 10'000), is_rotated(x, ids, 10'000));
}

TEST_CASE("position ids may go back, repeat and be negative", "[advanced][rope][1pt]") {
  const Tensor x = random_normal({2, 2, 4, 6});
  const PositionIds ids({2, 4}, {0, -3, 8, 8, 70'001, 2, -1, 5});
  CHECK_THAT(student<rope>(x, ids, 500'000), is_rotated(x, ids, 500'000));
}

TEST_CASE("each call turns by its own position ids", "[advanced][rope][1pt]") {
  const Tensor before = random_normal({1, 2, 4, 6}), x = random_normal(before.shape());
  const PositionIds old = some_ids(1, 4), ids = some_ids(1, 4, 40);
  student<rope>(before, old, 10'000);
  CHECK_THAT(student<rope>(x, ids, 1000),
             is_rotated(x, ids, 1000)
                 .but_not([=] { return rotated(x, old, 1000); }, "the position ids are those of the call before")
                 .but_not([=] { return rotated(before, ids, 1000); }, "the rows are those of the call before"));
  const Tensor wider = random_normal({1, 2, 4, 10});
  CHECK_THAT(student<rope>(wider, ids, 1000),
             is_rotated(wider, ids, 1000)
                 .but_not([=] { return rotated(wider, ids, {.turn = {.halves = true, .base = 1000, .width = 6}}); },
                          "the angles are those of rows of 6 channels, as the call before had them: here are 10"));
}

TEST_CASE("many tokens, many channels", "[advanced][rope][1pt]") {
  const Tensor x = random_normal(GENERATE(Shape{1, 1, 9000, 4}, Shape{2, 2, 3, 270}));
  const PositionIds ids = some_ids(x.dim(0), x.dim(2));
  CHECK_THAT(student<rope>(x, ids, 10'000), is_rotated(x, ids, 10'000));
}

TEST_CASE("heads of an odd width have no pairs", "[advanced][change_pairing][1pt]") {
  CHECK_THAT(
      [&] {
        student<change_pairing>(random_normal({2, 21}), 3, Pairing::halves);
      },
      is_refused("3 heads of 7 channels have no pairs", 21, 3));
  CHECK_THAT(
      [&] {
        student<change_pairing>(random_normal({2, 20}), 8, Pairing::neighbours);
      },
      is_refused("20 columns cannot be cut into 8 heads", 20, 8));
  CHECK_THAT(
      [&] {
        student<change_pairing>(random_normal({2, 20}), 0, Pairing::halves);
      },
      is_refused("there is at least one head", 20, 0));
}

TEST_CASE("one token after 8191 others touches only itself", "[advanced][count][append][2pt]") {
  const bool ring = GENERATE(false, true);
  Watched w({.batch = 1, .kv_heads = 2, .head_dim = 4, .capacity = 8192, .ring = ring}, 8194);
  w.append(8191);
  for (int i = 0; i < (ring ? 3 : 1); ++i) {  // a ring goes on overwriting
    w.append(1);
    CHECK_THAT(evidence(), touches_at_most(w.cache, 4 * 64,
                                           "a token is 64 bytes, and room for 3 times more; the tokens before it are "
                                           "512 KiB. They stay where they are"));
  }
  check_contents(w);
}

TEST_CASE("a cache is never copied", "[advanced][append][2pt]") {
  const CacheConfig config{.batch = 1, .kv_heads = 8, .head_dim = 128, .capacity = 256, .ring = GENERATE(false, true)};
  const std::uint64_t storage = std::uint64_t{2} * 8 * 128 * 256 * 4;
  Watched w(config, 33);
  w.append(32);
  w.append(1);
  CHECK_THAT(evidence(), workspace_at_most(
                             16 << 10, "new rows are written into memory that is there; the cache is 2 MiB", storage));
  check_contents(w);
}

TEST_CASE("more tokens at once than a ring holds", "[advanced][append][1pt]") {
  Watched w({.batch = 2, .kv_heads = 2, .head_dim = 3, .capacity = 4, .ring = true}, 30);
  for (const std::int64_t count : {2, 11, 1, 8}) {
    w.append(count);
    check_contents(w);
  }
}

TEST_CASE("each cache has tokens of its own", "[advanced][append][1pt]") {
  const CacheConfig config{.batch = 1, .kv_heads = 1, .head_dim = 2, .capacity = 6};
  Watched one(config, 6), other(config, 6);
  one.append(2);
  other.append(3);
  one.append(1);
  check_contents(one);
  check_contents(other);
}

TEST_CASE("a ring takes back what it can do without", "[advanced][truncate][2pt]") {
  Watched w({.batch = 1, .kv_heads = 2, .head_dim = 3, .capacity = 4, .ring = true}, 20);
  w.append(4);
  w.truncate(2);  // nothing was overwritten yet
  check_contents(w);
  w.append(5);    // tokens 2 to 6; 3 to 6 are there
  w.truncate(6);  // token 6 sees 3 to 5
  check_contents(w);
  w.append(1);
  check_contents(w);
  CHECK_THAT([&] { student<&KvCache::truncate>(w.cache, 5); },
             is_refused("token 5 sees tokens 2 to 4, and the oldest that is left is token 3", 5, 3));
  check_contents(w);
  w.truncate(7);  // takes nothing back
  check_contents(w);
}

TEST_CASE("pieces of any lengths give the same", "[advanced][forward][2pt]") {
  const Sequences s = random_sequences({.batch = 1, .len = 11, .heads = 4, .kv_heads = 2});
  check_pieces(s, GENERATE(Starts{0, 4, 5, 9}, Starts{0, 1, 8}, Starts{0, 10}));
}

TEST_CASE("padding on the left is seen by nobody", "[advanced][forward][2pt]") {
  Sequences s = random_sequences({.batch = 3, .len = 8, .heads = 2, .kv_heads = 1});
  pad_left(s, {2, 0, 3});
  check_pieces(s, GENERATE(Starts{0}, Starts{0, 4, 5, 6, 7}, Starts{0, 1, 2, 6}));
}

TEST_CASE("a padded sequence gives what it gives alone", "[advanced][forward][1pt]") {
  Sequences padded = random_sequences({.batch = 2, .len = 7, .heads = 2, .kv_heads = 2});
  pad_left(padded, {1, 3});
  Sequences alone = random_sequences({.batch = 1, .len = 4, .heads = 2, .kv_heads = 2});
  alone.weights = padded.weights;
  for (std::int64_t t = 0; t < 4; ++t)
    std::ranges::copy(padded.tokens.hidden_states.row(1, t + 3), alone.tokens.hidden_states.row(0, t).begin());
  Cache cache = cache_for(padded);
  const Tensor got = run(padded, 0, 7, cache);
  CHECK_THAT(got, computes(padded, {0}));
  REQUIRE(got.shape() == padded.tokens.hidden_states.shape());
  Tensor second({1, 4, got.dim(2)});
  for (std::int64_t t = 0; t < 4; ++t) std::ranges::copy(got.row(1, t + 3), second.row(0, t).begin());
  const Tensor64 expected = layer<double>(alone);
  CHECK_THAT(second, matches(expected, oracle::lost_in_float(layer<float>(alone), expected)));
}

TEST_CASE("position ids may have gaps", "[advanced][forward][1pt]") {
  Sequences s = random_sequences({.batch = 2, .len = 7, .heads = 2, .kv_heads = 1});
  s.tokens.position_ids = some_ids(2, 7, 90'000);
  s.base = 500'000;
  check_pieces(s, {0, 3, 4, 6});
}

TEST_CASE("numbers decide who is seen, not position ids", "[advanced][forward][1pt]") {
  Sequences s = random_sequences({.batch = 2, .len = 6, .heads = 2, .kv_heads = 1});
  s.tokens.position_ids = PositionIds({2, 6}, {4, 4, 2, 9, 0, 9, 5, 3, 8, 1, 7, 2});
  check_pieces(s, {0, 2, 3});
}

TEST_CASE("a ring is a sliding window", "[advanced][forward][3pt]") {
  Sequences s = random_sequences({.batch = 2, .len = 12, .heads = 4, .kv_heads = 2});
  s.window = GENERATE(4, 1);
  check_pieces(s, GENERATE(Starts{0, 9, 10}, Starts{0, 3, 5, 6, 10}, every(1, 12)));
}

TEST_CASE("a ring of padded sequences", "[advanced][forward][1pt]") {
  Sequences s = random_sequences({.batch = 3, .len = 10, .heads = 2, .kv_heads = 2});
  pad_left(s, {5, 0, 2});
  s.window = 4;
  check_pieces(s, {0, 2, 7, 8, 9});
}

TEST_CASE("tokens that do not fit are refused, and nothing is changed", "[advanced][forward][1pt]") {
  const Sequences s = random_sequences({.batch = 1, .len = 8, .heads = 2, .kv_heads = 1});
  Cache cache = make_cache({.batch = 1, .kv_heads = 1, .head_dim = 6, .capacity = 6});
  CHECK_THAT(run(s, 0, 5, cache), computes(first_of(s, 5), {0}));
  CHECK_THAT([&] { run(s, 5, 8, cache); }, is_refused("there is room for 6 tokens, and there would be 8", 6, 8));
  CHECK_THAT(student<&KvCache::seen>(cache), is_count(5, "seen()"));
  CHECK_THAT(run(s, 5, 6, cache), computes(first_of(s, 6), {0, 5}));
}

TEST_CASE("a full cache can still be asked", "[advanced][forward][1pt]") {
  const Sequences s = random_sequences({.batch = 2, .len = 6, .heads = 2, .kv_heads = 1});
  Cache cache = make_cache({.batch = 2, .kv_heads = 1, .head_dim = 6, .capacity = 4});
  CHECK_THAT(run(s, 0, 4, cache), computes(first_of(s, 4), {0}));
  CHECK_THAT(run(s, 4, 6, cache, false), computes(s, {0, 4}));
}

TEST_CASE("a guess that is taken back leaves no trace", "[advanced][forward][2pt]") {
  const Sequences s = random_sequences({.batch = 1, .len = 7, .heads = 2, .kv_heads = 1});
  Sequences guess = s;
  for (std::int64_t t = 3; t < 7; ++t)
    for (float& x : guess.tokens.hidden_states.row(0, t)) x = -x;
  Cache cache = cache_for(s);
  CHECK_THAT(run(s, 0, 3, cache), computes(first_of(s, 3), {0}));
  CHECK_THAT(run(guess, 3, 7, cache), computes(guess, {0, 3}));
  student<&KvCache::truncate>(cache, 3);
  CHECK_THAT(run(s, 3, 5, cache), computes(first_of(s, 5), {0, 3}));
  CHECK_THAT(run(s, 5, 7, cache), computes(s, {0, 3, 5}));
}

TEST_CASE("a decoded token copies no cache", "[advanced][forward][2pt]") {
  Sequences s = random_sequences({.len = 1, .d_model = 8, .heads = 2, .kv_heads = 2, .head_dim = 256});
  s.window = GENERATE(0, 2048);
  const CacheConfig config{.kv_heads = 2, .head_dim = 256, .capacity = 2048, .ring = s.window > 0};
  const std::uint64_t storage = std::uint64_t{2} * 2 * 256 * 2048 * 4;
  Cache cache = make_cache(config);
  for (int i = 0; i < 8; ++i) {
    const Tensor none({1, 2, 255, 256});
    student<&KvCache::append>(cache, none, none);
  }
  const Tokens token{s.tokens.hidden_states, PositionIds({1, 1}, {2040}), TensorOf<bool>({1, 2041}, true)};
  const Tensor got = student<forward>(token, s.weights, 2, s.base, cache, true);
  CHECK(got.shape() == s.tokens.hidden_states.shape());
  CHECK_THAT(evidence(), workspace_at_most(384 << 10,
                                           "the scores of one head are 8 KiB, and matmul may want 256 KiB; keys and "
                                           "values of the cache are 4 MiB each",
                                           storage));
  if (!config.ring)
    remark("workspace " + size_text(evidence().counts().workspace()) + " beside a cache of " + size_text(storage));
}

TEST_CASE("scores of one head at a time", "[advanced][forward][1pt]") {
  const Sequences s = random_sequences({.len = 112, .d_model = 4, .heads = 96, .kv_heads = 1, .head_dim = 2});
  Cache cache = cache_for(s);
  const Tensor64 expected = layer<double>(s);
  CHECK_THAT(run(s, 0, 112, cache), matches(expected, oracle::lost_in_float(layer<float>(s), expected)));
  CHECK_THAT(evidence(),
             workspace_at_most(480 << 10,
                               "queries of all heads are 84 KiB, as are their results, the scores of one head 49 KiB, "
                               "and matmul may want 256 KiB; the scores of all 96 heads are 4.6 MiB"));
}

TEST_CASE("what real caches weigh", "[advanced][cache_bytes][2pt]") {
  const int tokens = 128 * 1024;
  std::string told;
  for (const auto& [name, model] :
       {std::pair{"LLaMA 7B", llama_7b()}, {"LLaMA 3 8B", llama3_8b()}, {"DeepSeek V3", deepseek_v3()}}) {
    const std::int64_t bytes = student<cache_bytes>(model, 1, tokens);
    CHECK_THAT(bytes, is_cache_of(model, 1, tokens));
    told += fmt::format("{}{} {}", told.empty() ? "" : ", ", name, size_text(static_cast<std::uint64_t>(bytes)));
  }
  remark("128 Ki tokens: " + told);
}

TEST_CASE("no product of a cache's size is an int", "[advanced][cache_bytes][1pt]") {
  const Model model = GENERATE(Model{.layers = 65'537, .kv_heads = 65'539, .head_dim = 3, .bytes_per_element = 1},
                               Model{.kv_heads = 65'537, .head_dim = 65'539, .bytes_per_element = 1},
                               Model{.kv_rank = 2'147'483'647, .rope_dim = 2, .bytes_per_element = 4});
  CHECK_THAT(student<cache_bytes>(model, 3, 5), is_cache_of(model, 3, 5));
  CHECK_THAT(student<cache_bytes>(llama_7b(), 999'983, 1009), is_cache_of(llama_7b(), 999'983, 1009));
}

TEST_CASE("a prompt is bound by arithmetic, decoding by memory", "[advanced][step_cost][2pt]") {
  const Model model = llama3_8b();
  const auto intensity = [&](const Step& step) {
    const Cost cost = student<step_cost>(model, step);
    check_cost(cost, model, step);
    return static_cast<double>(cost.flops) / static_cast<double>(cost.bytes);
  };
  const double prompt = intensity({.q_len = 4096}), one = intensity({.past_len = 4096}),
               many = intensity({.batch = 64, .past_len = 4096});
  remark(
      fmt::format("LLaMA 3 8B, FLOPs per byte: a prompt of 4096 tokens {:.0f}; one token after it {:.2f}; one of each "
                  "of 64 sequences {:.2f}",
                  prompt, one, many));
}

TEST_CASE("no product of a cost is an int", "[advanced][step_cost][1pt]") {
  const Model wide{.d_model = 70'001, .heads = 301, .kv_heads = 301, .head_dim = 233};
  const Step step = GENERATE(Step{.q_len = 1}, Step{.past_len = 1'000'003, .q_len = 70'001});
  check_cost(student<step_cost>(wide, step), wide, step);
}
