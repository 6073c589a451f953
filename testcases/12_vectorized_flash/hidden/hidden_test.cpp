#include "decode.h"
#include "flash.h"
#include "tiles.h"

using namespace workbook;
using namespace workbook::vectorized_flash;

// Hint: the tensor may have any shape, and even no element.
TEST_CASE("exp2 keeps the shape", "[hidden][exp2][1pt]") {
  const Shape shape = GENERATE(Shape({0}), Shape({2, 3, 5, 7}), Shape({4, 0, 3}), Shape({1, 33}));
  const Tensor x = nonpositive(shape);
  CHECK_THAT(student<vectorized_flash::exp2>(x), is_power(x));
}

// Hint: how many channels are left after the last whole tile, and how many keys?
TEST_CASE("every remainder of a tile is weighed", "[hidden][weigh_tile][1pt]") {
  const std::int64_t size = random_integer(1, 60);
  Weighing in(size, 61 - size);
  const Weighing before = in;
  student<weigh_tile>(in.p_t, in.v, in.factor, in.o_t);
  CHECK_THAT(in.o_t, is_weighed(before));
}

// Hint: think of the last strip, the last block of keys, and of heads that share a KV head, all at once.
TEST_CASE("flash is right for extents of every kind", "[hidden][flash_attention][2pt]") {
  const auto [heads, kv_heads, q_len, kv_len, head_dim] = GENERATE(table<int, int, int, int, int>(
      {{6, 2, 127, 289, 20}, {2, 1, 257, 31, 33}, {3, 3, 64, 192, 48}, {8, 1, 1, 100, 7}, {66, 2, 5, 9, 3}}));
  const auto in = random_inputs(
      {.batch = 2, .heads = heads, .kv_heads = kv_heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim});
  check_flash(in, {GENERATE(Mask::none, Mask::causal), GENERATE(1, 3)});
}

// Hint: the largest score of a query may come last, and be far larger than all before.
TEST_CASE("a late maximum wipes out what was before", "[hidden][flash_attention][1pt]") {
  auto in = random_inputs({.q_len = 40, .kv_len = 230});
  for (std::int64_t c = 0; c < 8; ++c) in.k.at(0, 0, 229, c) = 40 * in.q.at(0, 0, 7, c);
  check_flash(in, {});
}

// Hint: how many query heads may share a KV head?
TEST_CASE("any number of query heads share a KV head in decoding", "[hidden][decode_attention][1pt]") {
  const auto [heads, kv_heads] = GENERATE(table<int, int>({{7, 1}, {22, 2}, {64, 1}, {5, 5}}));
  const auto in = random_inputs({.batch = 3, .heads = heads, .kv_heads = kv_heads, .kv_len = 51, .head_dim = 24});
  CHECK_THAT(student<decode_attention>(in.q, in.k, in.v, GENERATE(1, 4)), decodes(in));
}

// Hint: one part of the keys may have all the weight.
TEST_CASE("parts of the keys are merged whatever their maxima are", "[hidden][decode_attention][1pt]") {
  auto in = random_inputs({.heads = 2, .kv_heads = 1, .kv_len = 60});
  const std::int64_t heavy = random_integer(0, 59);
  for (std::int64_t c = 0; c < 8; ++c) in.k.at(0, 0, heavy, c) = 100 * in.q.at(0, 1, 0, c);
  CHECK_THAT(student<decode_attention>(in.q, in.k, in.v, GENERATE(1, 2, 6)), decodes(in));
}

// Hint: nothing but the cache is in bfloat16.
TEST_CASE("large numbers of a bfloat16 cache are not rounded again", "[hidden][decode_attention_bf16][1pt]") {
  const Cache16 cache(random_inputs({.heads = 4, .kv_heads = 2, .kv_len = 77, .head_dim = 40}, 4));
  CHECK_THAT(student<decode_attention_bf16>(cache.widened.q, cache.k, cache.v, GENERATE(1, 3)), decodes16(cache));
}
