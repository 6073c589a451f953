#include <fmt/format.h>

#include "common/checker/attention/large_inputs.h"
#include "flash.h"
#include "traffic.h"

using namespace workbook;
using namespace workbook::fused_vs_flash;

TEST_CASE("fused: a query that sees no key gives zeros", "[advanced][fused_attention][1pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {7, 1}, {3, 0}}));
  const auto in = random_inputs({.batch = 2, .heads = 2, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len});
  CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, Mask::causal), attends(in, Mask::causal));
}

TEST_CASE("flash: a query that sees no key gives zeros", "[advanced][flash_attention][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {9, 1}, {3, 0}}));
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{3, 2}, {2, 2}, {16, 16}}));
  const auto in = random_inputs({.batch = 2, .heads = 2, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len});
  const FlashOptions options{Mask::causal, q_tile, kv_tile};
  check_flash(student<flash_attention>(in.q, in.k, in.v, options), in, options);
}

TEST_CASE("fused: scores may have any size", "[advanced][fused_attention][1pt]") {
  const auto in = inputs_of_large_scores({.heads = 2, .kv_heads = 2, .q_len = 6, .kv_len = 9, .head_dim = 16});
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, mask), attends(in, mask));
}

TEST_CASE("flash: scores may have any size", "[advanced][flash_attention][1pt]") {
  auto in = inputs_of_large_scores({.heads = 2, .kv_heads = 2, .q_len = 9, .kv_len = 9, .head_dim = 16});
  if (GENERATE(false, true)) in.k = whole_numbers(random_outliers(in.k.shape()));
  const FlashOptions options{GENERATE(Mask::none, Mask::causal), 4, 2};
  check_flash(student<flash_attention>(in.q, in.k, in.v, options), in, options);
}

TEST_CASE("fused: keys with equal scores count the same, whatever their score is", "[advanced][fused_attention][1pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const auto in =
      inputs_of_equal_scores({.heads = 4, .kv_heads = 2, .q_len = 14, .kv_len = 14, .head_dim = 4}, kScoresOfAllSizes);
  INFO(kOneScoreEach);
  CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, mask), attends(in, mask));
}

TEST_CASE("flash: keys with equal scores count the same, whatever their score is", "[advanced][flash_attention][2pt]") {
  const FlashOptions options{GENERATE(Mask::none, Mask::causal), GENERATE(1, 4), GENERATE(1, 3)};
  const auto in =
      inputs_of_equal_scores({.heads = 4, .kv_heads = 2, .q_len = 14, .kv_len = 14, .head_dim = 4}, kScoresOfAllSizes);
  INFO(kOneScoreEach);
  check_flash(student<flash_attention>(in.q, in.k, in.v, options), in, options);
}

TEST_CASE("fused: a query that sees one key returns its value, bit by bit", "[advanced][fused_attention][1pt]") {
  const auto [len, mask] = GENERATE(table<int, Mask>({{5, Mask::causal}, {1, Mask::none}}));
  const auto in = random_inputs({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = len, .kv_len = len});
  CHECK_THAT(first_rows(student<fused_attention>(in.q, in.k, in.v, mask)), are_values(first_values(in)));
}

TEST_CASE("flash: a query that sees one key returns its value, bit by bit", "[advanced][flash_attention][1pt]") {
  const auto [len, mask] = GENERATE(table<int, Mask>({{5, Mask::causal}, {1, Mask::none}}));
  const auto in = random_inputs({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = len, .kv_len = len});
  const FlashOptions options{mask, GENERATE(1, 3), GENERATE(1, 4)};
  CHECK_THAT(first_rows(student<flash_attention>(in.q, in.k, in.v, options).output), are_values(first_values(in)));
}

TEST_CASE("fused: a second call knows nothing of the first", "[advanced][fused_attention][1pt]") {
  const Sizes sizes{.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 5, .kv_len = 6};
  const auto earlier = random_inputs(sizes), in = random_inputs(sizes);
  student<fused_attention>(earlier.q, earlier.k, earlier.v, Mask::none);
  const auto right = formula(in, Mask::causal);
  CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, Mask::causal), attends_after(earlier, in, right));
  CHECK_THAT(student<fused_attention>(earlier.q, earlier.k, earlier.v, Mask::causal),
             attends_after(in, earlier, right));
}

TEST_CASE("flash: a second call knows nothing of the first", "[advanced][flash_attention][1pt]") {
  const Sizes sizes{.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 5, .kv_len = 6};
  const auto earlier = random_inputs(sizes), in = random_inputs(sizes);
  const FlashOptions options{Mask::causal, 2, 3};
  student<flash_attention>(earlier.q, earlier.k, earlier.v, {Mask::none, 4, 4});
  check_flash_after(earlier, student<flash_attention>(in.q, in.k, in.v, options), in, options);
  check_flash_after(in, student<flash_attention>(earlier.q, earlier.k, earlier.v, options), earlier, options);
}

TEST_CASE("fused: no extent is too large", "[advanced][fused_attention][1pt]") {
  const auto [heads, kv_heads, q_len, kv_len, head_dim] = GENERATE(table<int, int, int, int, int>(
      {{2, 1, 2, 9001, 3}, {2, 1, 1101, 6, 3}, {2, 1, 3, 5, 301}, {66, 2, 2, 3, 5}, {1, 1, 2, 3, 1030}}));
  const auto in = random_inputs(
      {.batch = 2, .heads = heads, .kv_heads = kv_heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim});
  CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, Mask::none), attends(in, Mask::none));
}

TEST_CASE("flash: no extent and no tile is too large", "[advanced][flash_attention][2pt]") {
  static constexpr int kMost = std::numeric_limits<int>::max();
  const auto [heads, kv_heads, q_len, kv_len, head_dim, q_tile, kv_tile] =
      GENERATE(table<int, int, int, int, int, int, int>({{2, 1, 2, 9001, 3, 1, 7},
                                                         {2, 1, 2, 9001, 3, 3, 9000},
                                                         {2, 1, 2, 9001, 3, kMost, kMost},
                                                         {2, 1, 2, 9001, 3, kMost - 7, 100'000'000},
                                                         {2, 1, 1101, 6, 3, 1, 7},
                                                         {2, 1, 1101, 6, 3, 300, 4},
                                                         {2, 1, 1101, 6, 3, kMost, kMost},
                                                         {2, 1, 3, 5, 301, 3, 9000},
                                                         {66, 2, 2, 3, 5, 1, 7},
                                                         {66, 2, 2, 3, 5, kMost - 7, 100'000'000},
                                                         {1, 1, 2, 3, 1030, 300, 4},
                                                         {1, 1, 2, 3, 1030, kMost, kMost}}));
  const auto in = random_inputs(
      {.batch = 2, .heads = heads, .kv_heads = kv_heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim});
  const FlashOptions options{Mask::none, q_tile, kv_tile};
  const FlashResult got = student<flash_attention>(in.q, in.k, in.v, options);
  CHECK_THAT(got.output, attends(in, options.mask));
  CHECK_THAT(got.lse, has_log_sum_exp(in, options.mask));
}

TEST_CASE("what nobody in a tile sees cannot hurt it", "[advanced][flash_attention][1pt]") {
  // Keys and values from 8 on are NaN, as memory behind a cache may be. Queries 0 to 7 are two tiles.
  auto in = random_inputs({.q_len = 12, .kv_len = 12});
  for (std::int64_t j = 8; j < 12; ++j)
    for (float* x : {&in.k.at(0, 0, j, 0), &in.v.at(0, 0, j, 0)}) *x = std::nanf("");
  const FlashOptions options{Mask::causal, 4, 4};
  const Tensor got = student<flash_attention>(in.q, in.k, in.v, options).output;
  const Inputs seen{Tensor({1, 1, 8, 8}, in.q.values().first(64)), Tensor({1, 1, 8, 8}, in.k.values().first(64)),
                    Tensor({1, 1, 8, 8}, in.v.values().first(64))};
  REQUIRE(got.shape() == in.q.shape());
  const Tensor first({1, 1, 8, 8}, got.values().first(64));
  const bool nan = std::ranges::any_of(first.values(), [](float x) { return std::isnan(x); });
  Matches right = nan ? matches_attention(seen, formula(seen, Mask::causal)) : flash_output(seen, options);
  CHECK_THAT(first,
             std::move(right).but_if([=](const Tensor64&) { return nan; },
                                     "NaN is in the result, and only tiles that none of these queries sees hold "
                                     "one. Is such a tile visited? A weight of 0 does not help: 0 times NaN is NaN"));
}

TEST_CASE("tiles are at least one by one", "[advanced][flash_attention][1pt]") {
  const auto in = random_inputs({.q_len = 3, .kv_len = 3});
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{0, 4}, {4, 0}, {-1, 4}, {4, -3}}));
  CHECK_THROWS_AS(student<flash_attention>(in.q, in.k, in.v, {Mask::none, q_tile, kv_tile}), std::invalid_argument);
}

TEST_CASE("the workspace of flash does not know how long the row is", "[advanced][flash_attention][2pt]") {
  const FlashOptions options{Mask::causal, 16, 64};
  const auto with_lengths = [&](std::int64_t q_len, std::int64_t kv_len) {
    const auto in = uniform_inputs({.q_len = q_len, .kv_len = kv_len, .head_dim = 1});
    CHECK_THAT(student<flash_attention>(in.q, in.k, in.v, options).output,
               matches_attention(in, formula(in, options.mask)));
    CHECK_THAT(evidence(), workspace_at_most(64 << 10,
                                             "a tile of scores is 4 KiB, and matmul wants some. This limit is the same "
                                             "for any number of keys and queries: what a short row wastes is no "
                                             "allowance for a long one"));
    return evidence().counts().workspace();
  };
  with_lengths(256 << 10, 4);
  const auto few = with_lengths(1, 256);
  const auto many = with_lengths(1, 320 << 10);
  CHECK_THAT(evidence(), workspace_at_most(few + (4 << 10),
                                           "what 256 keys took, and 4 KiB. Here are 320 Ki keys, but no tile is "
                                           "larger. A row of scores has grown to 1.25 MiB"));
  remark("workspace " + size_text(few) + " for 256 keys, " + size_text(many) + " for 320 Ki");
}

TEST_CASE("tiles are used again by the next head", "[advanced][flash_attention][1pt]") {
  const auto in = uniform_inputs({.batch = 2, .heads = 96, .kv_heads = 12, .q_len = 64, .kv_len = 32, .head_dim = 32});
  CHECK_THAT(student<flash_attention>(in.q, in.k, in.v, {Mask::none, 64, 32}).output,
             matches_attention(in, formula(in, Mask::none)));
  CHECK_THAT(evidence(), workspace_at_most(128 << 10,
                                           "a tile of scores is 8 KiB, a tile's outputs 8 KiB, and matmul wants some; "
                                           "a second output is 1.5 MiB, a tile for each of 192 heads 1.5 MiB, keys "
                                           "and values copied to all heads 1.5 MiB"));
}

TEST_CASE("LLaMA 3 at 8192 tokens: the bytes of one head", "[advanced][traffic_bytes][1pt]") {
  const Problem problem{.q_len = 8192, .kv_len = 8192, .head_dim = 128, .q_tile = GENERATE(64, 96, 128)};
  const auto bytes = [&](Algorithm algorithm) {
    const std::int64_t got = student<traffic_bytes>(algorithm, problem);
    CHECK_THAT(got, moves(algorithm, problem));
    return size_text(static_cast<std::uint64_t>(std::max<std::int64_t>(got, 0)));
  };
  const std::string unfused = bytes(Algorithm::unfused), fused = bytes(Algorithm::fused),
                    flash = bytes(Algorithm::flash);
  remark("q_tile " + std::to_string(problem.q_tile) + ": unfused " + unfused + ", fused " + fused + ", flash " + flash);
}

TEST_CASE("FLOPs may be more than 2^63", "[advanced][arithmetic_intensity][1pt]") {
  const Problem problem{.q_len = 1 << 30, .kv_len = 1 << 29, .head_dim = 1001, .q_tile = 1 << 30};
  CHECK_THAT(student<arithmetic_intensity>(Algorithm::flash, problem), has_intensity(Algorithm::flash, problem));
}

TEST_CASE("flash beats unfused once q_tile exceeds head_dim / 2", "[advanced][arithmetic_intensity][2pt]") {
  const int head_dim = GENERATE(32, 64, 128);
  const auto intensity = [&](Algorithm algorithm, int q_tile) {
    const Problem problem{.q_len = 1 << 16, .kv_len = 1 << 16, .head_dim = head_dim, .q_tile = q_tile};
    const double got = student<arithmetic_intensity>(algorithm, problem);
    CHECK_THAT(got, has_intensity(algorithm, problem));
    return got;
  };
  const double unfused = intensity(Algorithm::unfused, 1), fused = intensity(Algorithm::fused, 1);
  CHECK(fused < unfused);
  CHECK(intensity(Algorithm::flash, head_dim / 4) < unfused);
  CHECK(intensity(Algorithm::flash, head_dim) > unfused);
  CHECK(intensity(Algorithm::flash, 1) == fused);
  remark(fmt::format("head_dim {}: unfused {:.1f} FLOP/byte, fused {:.2f}, flash (q_tile 128) {:.1f}", head_dim,
                     unfused, fused, intensity(Algorithm::flash, 128)));
}

TEST_CASE("no count of bytes is too large", "[advanced][traffic_bytes][1pt]") {
  const Algorithm algorithm = GENERATE(Algorithm::unfused, Algorithm::fused, Algorithm::flash);
  const auto [q_len, kv_len, head_dim, q_tile] = GENERATE(table<int, int, int, int>({{65'537, 65'539, 1, 1},
                                                                                     {65'537, 1, 65'539, 2},
                                                                                     {1, 65'537, 65'539, 3},
                                                                                     {9, 4, 3, 2'147'483'647},
                                                                                     {134'217'729, 134'217'728, 3, 61},
                                                                                     {2'147'483'647, 1, 1, 2},
                                                                                     {1, 2'147'483'647, 1, 2},
                                                                                     {1, 1, 2'147'483'647, 2}}));
  const Problem problem{.q_len = q_len, .kv_len = kv_len, .head_dim = head_dim, .q_tile = q_tile};
  CHECK_THAT(student<traffic_bytes>(algorithm, problem), moves(algorithm, problem));
}
