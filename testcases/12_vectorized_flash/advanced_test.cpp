#include <fmt/format.h>

#include "common/checker/attention/large_inputs.h"
#include "common/checker/refusals.h"
#include "decode.h"
#include "flash.h"
#include "tiles.h"

using namespace workbook;
using namespace workbook::vectorized_flash;

TEST_CASE("exp2 is right for every exponent", "[advanced][exp2][2pt]") {
  // Every 12,007th float from -0 to -126.
  const auto first = std::bit_cast<std::uint32_t>(-0.f), last = std::bit_cast<std::uint32_t>(-126.f);
  Tensor x({(last - first) / 12'007 + 1});
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.values()[i] = std::bit_cast<float>(first + static_cast<std::uint32_t>(12'007 * i));
  const Tensor got = student<vectorized_flash::exp2>(x);
  CHECK_THAT(got, is_power(x));
  if (got.shape() != x.shape()) return;
  double worst = 0;
  for (std::int64_t i = 0; i < x.size(); ++i)
    worst = std::max(worst, std::abs(got.values()[i] / std::exp2(double{x.values()[i]}) - 1));
  remark(fmt::format("{} of {} floats: relative error at most 2^{:.1f}", x.size(), last - first, std::log2(worst)));
}

TEST_CASE("exp2 of what is far below 0 is 0, or nearly", "[advanced][exp2][1pt]") {
  Tensor x({40});
  for (std::int64_t i = 0; i < x.size(); ++i) x.values()[i] = -126 - std::ldexp(1.f, static_cast<int>(3 * i) - 2);
  x.values()[39] = std::numeric_limits<float>::lowest();
  const Tensor got = student<vectorized_flash::exp2>(x);
  const bool holds = got.shape() == x.shape() &&
                     std::ranges::all_of(got.values(), [](float power) { return power >= 0 && power <= 0x1p-126f; });
  CHECK_THAT(holds, otherwise("expected numbers from 0 to 2^-126, one for each element from -126.25 on down\nPerhaps: "
                              "an exponent has 8 bits. Is what is below -127 caught before x becomes bits?"));
}

TEST_CASE("a key that is not finite concerns its own scores only", "[advanced][score_tile][1pt]") {
  const Tensor q_t = random_normal({9, kStrip});
  Tensor k = random_normal({27, 9});
  k.at(26, 4) = kInfinity, k.at(11, 8) = std::nanf("");
  CHECK_THAT(student<score_tile>(q_t, k),
             matches(scores_formula(q_t, k)(), scores_formula(q_t, random_normal({27, 9})).tolerance()));
}

TEST_CASE("a tile of no keys has no scores", "[advanced][score_tile][1pt]") {
  const Tensor q_t = random_normal({9, kStrip});
  CHECK_THAT(student<score_tile>(q_t, Tensor({0, 9})), matches(Tensor({0, kStrip}), zeros()));
}

TEST_CASE("a query that sees no key gives zeros", "[advanced][flash_attention][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {140, 100}, {70, 1}, {3, 0}}));
  const auto in = random_inputs({.batch = 2, .heads = 2, .q_len = q_len, .kv_len = kv_len});
  check_flash(in, {.mask = Mask::causal, .threads = GENERATE(1, 2)});
}

TEST_CASE("scores may have any size", "[advanced][flash_attention][1pt]") {
  const auto in = random_inputs({.heads = 2, .q_len = 40, .kv_len = 130}, 20);
  check_flash(in, {.mask = GENERATE(Mask::none, Mask::causal)});
}

TEST_CASE("keys with equal scores count the same, whatever their score is", "[advanced][flash_attention][2pt]") {
  const auto in =
      inputs_of_equal_scores({.heads = 4, .kv_heads = 2, .q_len = 40, .kv_len = 120, .head_dim = 4}, kScoresOfAllSizes);
  INFO(kOneScoreEach);
  check_flash(in, {.mask = GENERATE(Mask::none, Mask::causal)});
}

TEST_CASE("a query that sees one key returns its value, bit by bit", "[advanced][flash_attention][1pt]") {
  const auto [len, mask] = GENERATE(table<int, Mask>({{35, Mask::causal}, {1, Mask::none}}));
  const auto in = random_inputs({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = len, .kv_len = len});
  CHECK_THAT(first_rows(student<flash_attention>(in.q, in.k, in.v, {.mask = mask}).output),
             are_values(first_values(in)));
}

TEST_CASE("a second call knows nothing of the first", "[advanced][flash_attention][1pt]") {
  const Sizes sizes{.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 40, .kv_len = 50};
  const auto earlier = random_inputs(sizes), in = random_inputs(sizes);
  student<flash_attention>(earlier.q, earlier.k, earlier.v, {Mask::none, 2});
  const auto right = formula(in, Mask::causal);
  CHECK_THAT(student<flash_attention>(in.q, in.k, in.v, {Mask::causal, 1}).output, attends_after(earlier, in, right));
  CHECK_THAT(student<flash_attention>(earlier.q, earlier.k, earlier.v, {Mask::causal, 2}).output,
             attends_after(in, earlier, right));
}

TEST_CASE("threads are at least one", "[advanced][flash_attention][1pt]") {
  const auto in = random_inputs({.q_len = 3, .kv_len = 3});
  const int threads = GENERATE(0, -2);
  CHECK_THROWS_AS(student<flash_attention>(in.q, in.k, in.v, {Mask::none, threads}), std::invalid_argument);
}

TEST_CASE("the workspace of flash does not know how long the rows are", "[advanced][flash_attention][2pt]") {
  const bool long_rows = GENERATE(true, false);
  const auto in = long_rows ? uniform_inputs({.q_len = 32, .kv_len = 1 << 16, .head_dim = 2})
                            : uniform_inputs({.q_len = 400, .kv_len = 100, .head_dim = 256});
  check_first_query(in, [&] { return student<flash_attention>(in.q, in.k, in.v, {}).output; });
  CHECK_THAT(evidence(),
             workspace_at_most(512 << 10,
                               long_rows ? "512 KiB for one thread: a few strips of queries and their output, turned, "
                                           "and a tile of scores. The scores of a strip with all keys are 8 MiB"
                                         : "512 KiB for one thread, whatever head_dim is: 32 queries of 256 channels "
                                           "and their output are 64 KiB, so take fewer strips at a time"));
  remark("workspace " + size_text(evidence().counts().workspace()));
}

TEST_CASE("keys that no query of a strip sees are not read", "[advanced][flash_attention][count][2pt]") {
  const auto in = random_inputs({.q_len = 8 * kStrip, .kv_len = 8 * kStrip});
  const auto read = [&](Mask mask, const Tensor& argument) {
    student<flash_attention>(in.q, in.k, in.v, {.mask = mask});
    return static_cast<double>(evidence().bytes_read(argument).value_or(0));
  };
  for (const Tensor* argument : {&in.k, &in.v}) {
    const double all = read(Mask::none, *argument), causal = read(Mask::causal, *argument);
    CHECK_THAT(evidence(),
               reads_at_most(*argument, 0.65 * all,
                             "0.65 of what is read without a mask: of 8 strips, strip i sees i / 8 of the keys"));
    remark(fmt::format("{:.2f} of the bytes of {} that are read without a mask", causal / all,
                       argument == &in.k ? "k" : "v"));
  }
}

TEST_CASE("decoding: scores may have any size", "[advanced][decode_attention][1pt]") {
  const auto in = random_inputs({.heads = 4, .kv_heads = 2, .kv_len = 70}, 20);
  CHECK_THAT(student<decode_attention>(in.q, in.k, in.v, GENERATE(1, 3)), decodes(in));
}

TEST_CASE("decoding: keys with equal scores count the same, whatever their score is",
          "[advanced][decode_attention][1pt]") {
  const float score = GENERATE(-2e30f, -3e4f, 0.f, 1e30f);
  const auto in = inputs_of_equal_scores({.heads = 4, .kv_heads = 2, .kv_len = 45, .head_dim = 4}, {score});
  INFO("Every score is " << score);
  CHECK_THAT(student<decode_attention>(in.q, in.k, in.v, GENERATE(1, 4)), decodes(in));
}

TEST_CASE("there may be more threads than keys, or no keys", "[advanced][decode_attention][1pt]") {
  const std::int64_t kv_len = GENERATE(0, 1, 3);
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .kv_len = kv_len});
  CHECK_THAT(student<decode_attention>(in.q, in.k, in.v, 5), decodes(in));
}

TEST_CASE("decoding: threads are at least one", "[advanced][decode_attention][1pt]") {
  const auto in = random_inputs({.kv_len = 3});
  CHECK_THROWS_AS(student<decode_attention>(in.q, in.k, in.v, 0), std::invalid_argument);
}

TEST_CASE("decoding from bfloat16: threads are at least one", "[advanced][decode_attention_bf16][1pt]") {
  const Cache16 cache(random_inputs({.kv_len = 3}));
  CHECK_THROWS_AS(student<decode_attention_bf16>(cache.widened.q, cache.k, cache.v, -1), std::invalid_argument);
}

TEST_CASE("decoding does not hold the scores of all keys", "[advanced][decode_attention][1pt]") {
  const auto in = uniform_inputs({.heads = 8, .kv_heads = 1, .kv_len = 1 << 17, .head_dim = 2});
  check_first_query(in, [&] { return student<decode_attention>(in.q, in.k, in.v, 2); });
  CHECK_THAT(evidence(), workspace_at_most(256 << 10,
                                           "a few rows and what each thread carries along; the scores of eight query "
                                           "heads with all keys are 4 MiB"));
}

TEST_CASE("decoding holds no copy of the cache", "[advanced][decode_attention_bf16][2pt]") {
  const Cache16 cache(uniform_inputs({.heads = 4, .kv_heads = 1, .kv_len = 1 << 14, .head_dim = 64}));
  check_first_query(cache.widened,
                    [&] { return student<decode_attention_bf16>(cache.widened.q, cache.k, cache.v, 2); });
  CHECK_THAT(evidence(),
             workspace_at_most(256 << 10,
                               "a few rows and what each thread carries along; the keys as floats are 4 MiB, "
                               "and so are the values"));
}
