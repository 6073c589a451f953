#include "gates.h"

using namespace workbook;
using namespace workbook::cuda_flash;

TEST_CASE("a query that sees no key gives zeros", "[advanced][flash_attention][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{40, 3}, {70, 33}}));
  const auto in =
      random_inputs({.batch = 2, .heads = 2, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 32});
  check_flash(flash(in, Mask::causal), in, Mask::causal);
}

TEST_CASE("scores may have any size", "[advanced][flash_attention][2pt]") {
  auto in = random_inputs({.heads = 2, .kv_heads = 2, .q_len = 40, .kv_len = 70, .head_dim = 16}, 20);
  if (GENERATE(false, true)) in.k = random_outliers(in.k.shape());
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  check_flash(flash(in, mask), in, mask);
}

TEST_CASE("tiles that nobody sees are not loaded", "[advanced][flash_attention][4pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{256, 256}, {200, 230}}));
  const auto in = random_inputs({.q_len = q_len, .kv_len = kv_len, .head_dim = 64});
  CHECK_THAT(flash(in, Mask::causal).output, flash_output(in, Mask::causal));
  const Problem problem = problem_of<Problem>(in, Mask::causal);
  check_loads(problem);
  Problem whole = problem;
  whole.mask = Mask::none;
  remark(fmt::format("{} queries: loaded {}; without the mask {}", q_len,
                     kib(static_cast<double>(device().loads().bytes)),
                     kib(static_cast<double>(expected_loads(whole)))));
}

TEST_CASE("what nobody in a tile sees cannot hurt it", "[advanced][flash_attention][1pt]") {
  // Keys and values from 32 on are NaN, as memory behind a cache may be. Queries 0 to 31 are a tile.
  auto in = random_inputs({.q_len = 64, .kv_len = 64, .head_dim = 16});
  for (std::int64_t j = 32; j < 64; ++j)
    for (float* x : {&in.k.at(0, 0, j, 0), &in.v.at(0, 0, j, 0)}) *x = std::nanf("");
  const Tensor got = flash(in, Mask::causal).output;
  const Inputs seen{Tensor({1, 1, 32, 16}, in.q.values().first(512)), Tensor({1, 1, 32, 16}, in.k.values().first(512)),
                    Tensor({1, 1, 32, 16}, in.v.values().first(512))};
  REQUIRE(got.shape() == in.q.shape());
  const Tensor first({1, 1, 32, 16}, got.values().first(512));
  const bool nan = std::ranges::any_of(first.values(), [](float x) { return std::isnan(x); });
  CHECK_THAT(first, flash_output(seen, Mask::causal)
                        .but_if([=](const Tensor64&) { return nan; },
                                "NaN came from a tile that none of these queries sees. A weight of 0 does not help, 0 "
                                "times NaN is NaN: do not visit the tile"));
}

TEST_CASE("LLaMA's heads at head_dim 128", "[advanced][flash_attention][2pt]") {
  const auto in = random_inputs({.heads = 4, .kv_heads = 2, .q_len = 33, .kv_len = 65, .head_dim = 128}, 2);
  check_flash(flash(in, Mask::causal), in, Mask::causal);
}

TEST_CASE("a decoding step is one query", "[advanced][flash_attention][1pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 3, .kv_heads = 1, .q_len = 1, .kv_len = 133, .head_dim = 80}, 2);
  check_flash(flash(in, Mask::causal), in, Mask::causal);
}

TEST_CASE("long rows", "[advanced][flash_attention][1pt]") {
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = 50, .kv_len = 1000, .head_dim = 32}, 2);
  check_flash(flash(in, Mask::causal), in, Mask::causal);
}

TEST_CASE("odd head sizes are loaded in whole sectors, too", "[advanced][flash_attention][2pt]") {
  // Where lanes of a warp skip a load, the simulator may count more than a GPU needs: 33 leaves room for that.
  const auto [head_dim, slack] = GENERATE(table<int, double>({{56, 1.3}, {80, 1.3}, {33, 4.0}}));
  const auto in = random_inputs({.q_len = 64, .kv_len = 64, .head_dim = head_dim});
  CHECK_THAT(flash(in, Mask::none).output, flash_output(in, Mask::none));
  check_loads(problem_of<Problem>(in, Mask::none));
  check_sectors(slack);
}

TEST_CASE("what you predict is what the meter counts", "[advanced][kv_bytes][2pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = 70, .kv_len = 100, .head_dim = 64});
  const Problem problem = problem_of<Problem>(in, mask);
  const auto predicted = student<kv_bytes>(problem);
  CHECK_THAT(predicted, is_count(expected_kv_bytes(problem)));
  flash(in, mask);
  const auto counted = static_cast<std::int64_t>(device().loads().bytes) - 2 * 70 * 64 * 4;
  CHECK_THAT(counted, matches(static_cast<double>(predicted), {1, 0.25, "a quarter"}));
  remark(fmt::format("{}: predicted {} bytes of keys and values, counted {}", mask == Mask::none ? "no mask" : "causal",
                     predicted, counted));
}
