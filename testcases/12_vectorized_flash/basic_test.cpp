#include "decode.h"
#include "flash.h"
#include "tiles.h"

using namespace workbook;
using namespace workbook::vectorized_flash;

TEST_CASE("exp2 is right to 2^-22, relative to the power", "[basic][exp2][2pt]") {
  const Tensor x = nonpositive({3, 4, 16});
  CHECK_THAT(student<vectorized_flash::exp2>(x), is_power(x));
}

TEST_CASE("exp2 takes any number of elements", "[basic][exp2][1pt]") {
  const std::int64_t size = GENERATE(1, 15, 16, 17, 31, 50);
  const Tensor x = nonpositive({size});
  CHECK_THAT(student<vectorized_flash::exp2>(x), is_power(x));
}

TEST_CASE("exp2 of -inf is 0, of 0 it is 1, and NaN stays NaN", "[basic][exp2][1pt]") {
  const float nan = std::nanf("");
  const Tensor x({6}, {-kInfinity, 0, nan, -0.f, -1, nan});
  const Tensor got = student<vectorized_flash::exp2>(x);
  CHECK_THAT(got, matches(Tensor({6}, {0, 1, nan, 1, 0.5, nan}), exact("these are powers of two, or none"))
                      .but_if([](const Tensor64& y) { return std::isnan(y.values()[0]); },
                              "2^-inf is NaN: is -inf less a rounded -inf computed? Raise x to a number whose power is "
                              "0 first")
                      .but_if([](const Tensor64& y) { return !std::isnan(y.values()[2]); },
                              "NaN has become a number: a comparison with NaN is false, so the order of the operands "
                              "of a maximum decides which of them remains"));
}

TEST_CASE("a tile of scores is k q^T", "[basic][score_tile][2pt]") {
  const auto [keys, head_dim] = GENERATE(table<int, int>({{24, 64}, {12, 8}}));
  const Tensor q_t = random_normal({head_dim, kStrip}), k = random_normal({keys, head_dim});
  CHECK_THAT(student<score_tile>(q_t, k), is_score_tile(q_t, k));
}

TEST_CASE("a tile of scores has any number of keys and channels", "[basic][score_tile][2pt]") {
  const auto [keys, head_dim] = GENERATE(table<int, int>({{1, 5}, {2, 1}, {13, 33}, {23, 7}, {29, 16}, {47, 3}}));
  const Tensor q_t = random_normal({head_dim, kStrip}), k = random_normal({keys, head_dim});
  CHECK_THAT(student<score_tile>(q_t, k), is_score_tile(q_t, k));
}

TEST_CASE("a number that score_tile loads serves several keys or queries", "[basic][score_tile][count][2pt]") {
  const Tensor q_t = random_normal({24, kStrip}), k = random_normal({48, 24});
  student<score_tile>(q_t, k);
  CHECK_THAT(evidence(), reads_at_most(k, 4.0 * static_cast<double>(k.size()) * kStrip / 8,
                                       "each number of k that is loaded serves at least 8 queries: with two vectors of "
                                       "queries in registers, all 32"));
  CHECK_THAT(evidence(), reads_at_most(q_t, 4.0 * static_cast<double>(q_t.size()) * 48 / 2,
                                       "each vector of q_t that is loaded serves at least 2 keys: the sums of several "
                                       "keys are in registers at a time"));
}

TEST_CASE("a tile of weights adds its values to the output", "[basic][weigh_tile][2pt]") {
  const auto [keys, head_dim] = GENERATE(table<int, int>({{24, 64}, {12, 8}}));
  Weighing in(keys, head_dim);
  const Weighing before = in;
  student<weigh_tile>(in.p_t, in.v, in.factor, in.o_t);
  CHECK_THAT(in.o_t, is_weighed(before));
}

TEST_CASE("a tile of weights has any number of keys and channels", "[basic][weigh_tile][2pt]") {
  const auto [keys, head_dim] =
      GENERATE(table<int, int>({{5, 1}, {1, 2}, {33, 13}, {7, 23}, {16, 29}, {3, 47}, {0, 9}}));
  Weighing in(keys, head_dim);
  const Weighing before = in;
  student<weigh_tile>(in.p_t, in.v, in.factor, in.o_t);
  CHECK_THAT(in.o_t, is_weighed(before));
}

TEST_CASE("a number that weigh_tile loads serves several channels or queries", "[basic][weigh_tile][count][2pt]") {
  Weighing in(24, 48);
  student<weigh_tile>(in.p_t, in.v, in.factor, in.o_t);
  CHECK_THAT(evidence(), reads_at_most(in.v, 4.0 * static_cast<double>(in.v.size()) * kStrip / 8,
                                       "each number of v that is loaded serves at least 8 queries: with two vectors of "
                                       "weights in registers, all 32"));
  CHECK_THAT(evidence(), reads_at_most(in.p_t, 4.0 * static_cast<double>(in.p_t.size()) * 48 / 2,
                                       "each vector of p_t that is loaded serves at least 2 channels: the sums of "
                                       "several channels are in registers at a time"));
  CHECK_THAT(evidence(), reads_at_most(in.o_t, 4.0 * static_cast<double>(in.o_t.size()),
                                       "each number of o_t is loaded once, and its sum stays in a register until all "
                                       "keys have added to it"));
}

TEST_CASE("flash gives the attention of the definition", "[basic][flash_attention][3pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 40, .kv_len = 70});
  check_flash(in, {});
}

TEST_CASE("flash keeps to the mask", "[basic][flash_attention][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{36, 36}, {40, 104}, {50, 120}}));
  const auto in = random_inputs({.batch = 2, .heads = 2, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len});
  check_flash(in, {.mask = Mask::causal});
}

TEST_CASE("flash takes any lengths", "[basic][flash_attention][2pt]") {
  const auto [q_len, kv_len] =
      GENERATE(table<int, int>({{1, 1}, {31, 97}, {33, 95}, {65, 193}, {385, 12}, {7, 300}, {290, 40}}));
  const auto in = random_inputs({.q_len = q_len, .kv_len = kv_len, .head_dim = 16});
  check_flash(in, {.mask = GENERATE(Mask::none, Mask::causal)});
}

TEST_CASE("flash takes any head_dim", "[basic][flash_attention][1pt]") {
  const std::int64_t head_dim = GENERATE(1, 5, 12, 31, 80, 256);
  const auto in = random_inputs({.heads = 2, .q_len = 35, .kv_len = 40, .head_dim = head_dim});
  check_flash(in, {.mask = Mask::causal});
}

TEST_CASE("threads share a head", "[basic][flash_attention][tsan][3pt]") {
  const auto [mask, threads] = GENERATE(table<Mask, int>({{Mask::none, 2}, {Mask::causal, 3}, {Mask::none, 7}}));
  const auto in = random_inputs({.q_len = 520, .kv_len = 700});  // one thread must not do all before others start
  check_flash(in, {mask, threads});
}

TEST_CASE("threads share heads", "[basic][flash_attention][tsan][2pt]") {
  const int threads = GENERATE(2, 5, 16);
  const auto in = random_inputs({.batch = 2, .heads = 6, .kv_heads = 3, .q_len = 20, .kv_len = 30});
  check_flash(in, {Mask::causal, threads});
}

TEST_CASE("decoding gives the attention of the definition", "[basic][decode_attention][2pt]") {
  const auto [heads, kv_heads] = GENERATE(table<int, int>({{4, 2}, {3, 3}, {10, 2}}));
  const auto in = random_inputs({.batch = 2, .heads = heads, .kv_heads = kv_heads, .kv_len = 37, .head_dim = 32});
  CHECK_THAT(student<decode_attention>(in.q, in.k, in.v, 1), decodes(in));
}

TEST_CASE("decoding takes any lengths", "[basic][decode_attention][2pt]") {
  const auto [kv_len, head_dim] =
      GENERATE(table<int, int>({{1, 1}, {5, 3}, {16, 17}, {33, 50}, {200, 128}, {66, 256}}));
  const auto in = random_inputs({.heads = 4, .kv_heads = 2, .kv_len = kv_len, .head_dim = head_dim});
  CHECK_THAT(student<decode_attention>(in.q, in.k, in.v, 1), decodes(in));
}

TEST_CASE("threads share the keys of a head", "[basic][decode_attention][tsan][3pt]") {
  const int threads = GENERATE(3, 8);
  // So many keys that one thread has not taken all parts before the others start.
  const auto in = random_inputs({.heads = 4, .kv_heads = 1, .kv_len = 6001, .head_dim = 32});
  CHECK_THAT(student<decode_attention>(in.q, in.k, in.v, threads), decodes(in));
}

TEST_CASE("decoding reads each key and each value once", "[basic][decode_attention][count][2pt]") {
  const auto in = random_inputs({.heads = 8, .kv_heads = 2, .kv_len = 64, .head_dim = 64});
  student<decode_attention>(in.q, in.k, in.v, 1);
  check_reads_once(in.k, in.v);
}

TEST_CASE("decoding from bfloat16 gives the attention of what the cache holds", "[basic][decode_attention_bf16][2pt]") {
  const auto [kv_len, head_dim] = GENERATE(table<int, int>({{1, 1}, {5, 3}, {33, 50}, {200, 128}}));
  const Cache16 cache(random_inputs({.batch = 2, .heads = 4, .kv_heads = 2, .kv_len = kv_len, .head_dim = head_dim}));
  CHECK_THAT(student<decode_attention_bf16>(cache.widened.q, cache.k, cache.v, 1), decodes16(cache));
}

TEST_CASE("threads share the keys of a bfloat16 cache", "[basic][decode_attention_bf16][tsan][1pt]") {
  const int threads = GENERATE(3, 8);
  const Cache16 cache(random_inputs({.heads = 4, .kv_heads = 1, .kv_len = 9001, .head_dim = 32}));
  CHECK_THAT(student<decode_attention_bf16>(cache.widened.q, cache.k, cache.v, threads), decodes16(cache));
}

TEST_CASE("decoding reads half the bytes from bfloat16", "[basic][decode_attention_bf16][count][1pt]") {
  const Cache16 cache(random_inputs({.heads = 8, .kv_heads = 2, .kv_len = 64, .head_dim = 64}));
  student<decode_attention_bf16>(cache.widened.q, cache.k, cache.v, 1);
  check_reads_once(cache.k, cache.v);
}
