#include "../costs.h"
#include "../layer.h"
#include "../rotation.h"

using namespace workbook;
using namespace workbook::kv_cache;

// Hint: every token has a position id of its own. Try ids and bases of your own.
TEST_CASE("rotations are right for shapes drawn at random", "[hidden][rope][1pt]") {
  for (int i = 0; i < 8; ++i) {
    const Tensor x =
        random_normal({random_integer(1, 3), random_integer(1, 3), random_integer(1, 9), 2 * random_integer(1, 12)});
    const PositionIds ids = some_ids(x.dim(0), x.dim(2), random_integer(-50, 200'000));
    const auto base = static_cast<double>(random_integer(100, 1'000'000));
    CHECK_THAT(student<rope>(x, ids, base), is_rotated(x, ids, base));
  }
}

// Hint: a head is a block of columns, and its pairs stay within it.
TEST_CASE("pairings are right for heads drawn at random", "[hidden][change_pairing][1pt]") {
  for (int i = 0; i < 6; ++i) {
    const auto heads = static_cast<int>(random_integer(1, 5));
    const Pairing to = i % 2 ? Pairing::halves : Pairing::neighbours;
    const Tensor w = random_normal({random_integer(1, 6), heads * 2 * random_integer(2, 9)});
    CHECK_THAT(student<change_pairing>(w, heads, to), has_pairing(w, heads, to));
  }
}

// Hint: play append and truncate at random against a list that you keep yourself.
TEST_CASE("a cache survives whatever is done to it", "[hidden][append][2pt]") {
  for (int round = 0; round < 4; ++round) {
    const CacheConfig config{.batch = static_cast<int>(random_integer(1, 2)),
                             .kv_heads = static_cast<int>(random_integer(1, 3)),
                             .head_dim = static_cast<int>(random_integer(1, 5)),
                             .capacity = static_cast<int>(random_integer(1, 7)),
                             .ring = round % 2 == 1};
    Watched w(config, 80);
    for (int i = 0; i < 12; ++i) {
      const std::int64_t room = config.ring ? 9 : config.capacity - w.seen;
      if (i % 4 == 3)
        w.truncate(random_integer(std::max<std::int64_t>(w.first > 0 ? w.seen - 1 : 0, 0), w.seen));
      else if (room > 0 && w.seen < 60)
        w.append(random_integer(1, std::min<std::int64_t>(room, 9)));
    }
    check_contents(w);
  }
}

// Hint: what is refused must leave everything as it was, also the tokens that would still have fitted.
TEST_CASE("a ring that refuses to take tokens back is as before", "[hidden][truncate][1pt]") {
  Watched w({.batch = 1, .kv_heads = 1, .head_dim = 2, .capacity = 3, .ring = true}, 20);
  w.append(8);
  CHECK_THAT([&] { student<&KvCache::truncate>(w.cache, 2); },
             is_refused("token 2 sees tokens 0 and 1, and the oldest that is left is token 5", 2, 5));
  check_contents(w);
  w.append(2);
  check_contents(w);
}

// Hint: lengths, heads, padding and pieces are all independent.
TEST_CASE("the layer is right for sequences drawn at random", "[hidden][forward][2pt]") {
  for (int i = 0; i < 5; ++i) {
    const auto kv_heads = static_cast<int>(random_integer(1, 3));
    const std::int64_t batch = random_integer(1, 3), len = random_integer(5, 12);
    Sequences s = random_sequences({.batch = batch,
                                    .len = len,
                                    .d_model = random_integer(3, 12),
                                    .heads = kv_heads * static_cast<int>(random_integer(1, 3)),
                                    .kv_heads = kv_heads,
                                    .head_dim = 2 * static_cast<int>(random_integer(1, 4))});
    std::vector<std::int64_t> padding;
    for (std::int64_t b = 0; b < batch; ++b) padding.push_back(random_integer(0, len - 2));
    pad_left(s, padding);
    if (i % 2) s.window = random_integer(1, len);
    Starts starts{0};
    while (starts.back() + 3 < len) starts.push_back(starts.back() + random_integer(1, 3));
    check_pieces(s, starts);
  }
}

// Hint: ask a full ring about several tokens without storing them, twice.
TEST_CASE("a ring that is only asked stays as it is", "[hidden][forward][1pt]") {
  Sequences s = random_sequences({.batch = 2, .len = 9, .heads = 2, .kv_heads = 1});
  s.window = 4;
  Cache cache = cache_for(s);
  CHECK_THAT(run(s, 0, 6, cache), computes(first_of(s, 6), {0}));
  for (int i = 0; i < 2; ++i) CHECK_THAT(run(s, 6, 9, cache, false), computes(s, {0, 6}));
  CHECK_THAT(run(s, 6, 9, cache), computes(s, {0, 6}));
}

// Hint: scores may be hundreds.
TEST_CASE("scores may have any size", "[hidden][forward][1pt]") {
  Sequences s = random_sequences({.batch = 1, .len = 5, .heads = 2, .kv_heads = 1});
  for (float& x : s.weights.w_q.values()) x *= 100;
  check_pieces(s, {0, 3, 4});
}

// Hint: the numbers get large. In which type is each product computed?
TEST_CASE("sizes and costs are exact in 64 bits", "[hidden][step_cost][1pt]") {
  const Model model{.layers = 97, .d_model = 65'537, .heads = 1009, .kv_heads = 7, .head_dim = 127};
  const Step step{.batch = 3, .past_len = 1'048'573, .q_len = 8191};
  check_cost(student<step_cost>(model, step), model, step);
}
