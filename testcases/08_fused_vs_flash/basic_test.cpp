#include "common/checker/attention/large_inputs.h"
#include "flash.h"
#include "traffic.h"

using namespace workbook;
using namespace workbook::fused_vs_flash;

TEST_CASE("fused gives the attention of the definition", "[basic][fused_attention][2pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 5, .kv_len = 7});
  CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, Mask::none), attends(in, Mask::none));
}

TEST_CASE("fused keeps to the mask", "[basic][fused_attention][1pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{6, 6}, {3, 8}, {1, 5}}));
  const auto in = random_inputs({.batch = 2, .heads = 2, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len});
  CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, Mask::causal), attends(in, Mask::causal));
}

TEST_CASE("fused holds one row of scores", "[basic][fused_attention][2pt]") {
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = 48, .kv_len = 8192});
  CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, Mask::none), matches_attention(in, formula(in, Mask::none)));
  CHECK_THAT(evidence(), workspace_at_most(128 << 10,
                                           "one row of scores is 32 KiB, and matmul may want as much again; the scores "
                                           "of one head are 1.5 MiB. A row is softmaxed, weighs its values and is "
                                           "forgotten before the next begins"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; one head's scores would be 1.5 MiB");
}

TEST_CASE("tiles give the same attention", "[basic][flash_attention][3pt]") {
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{8, 12}, {4, 4}, {2, 6}, {8, 1}}));
  const auto in = random_inputs({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 8, .kv_len = 12}, 2);
  const FlashOptions options{Mask::none, q_tile, kv_tile};
  CHECK_THAT(student<flash_attention>(in.q, in.k, in.v, options).output, flash_output(in, options));
}

TEST_CASE("tiles need not divide the lengths", "[basic][flash_attention][2pt]") {
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{4, 5}, {3, 12}, {7, 4}, {64, 64}, {1, 1}}));
  const auto in = random_inputs({.batch = 1, .heads = 2, .kv_heads = 2, .q_len = 10, .kv_len = 13}, 2);
  const FlashOptions options{Mask::none, q_tile, kv_tile};
  CHECK_THAT(student<flash_attention>(in.q, in.k, in.v, options).output, flash_output(in, options));
}

TEST_CASE("a causal mask cuts through tiles", "[basic][flash_attention][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{12, 12}, {5, 14}, {1, 9}}));
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{4, 4}, {4, 3}, {2, 7}, {5, 1}}));
  const auto in = random_inputs({.batch = 1, .heads = 2, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len}, 2);
  const FlashOptions options{Mask::causal, q_tile, kv_tile};
  CHECK_THAT(student<flash_attention>(in.q, in.k, in.v, options).output, flash_output(in, options));
}

TEST_CASE("the log-sum-exp comes with the output", "[basic][flash_attention][1pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const auto in = random_inputs({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 6, .kv_len = 9}, 2);
  check_flash(student<flash_attention>(in.q, in.k, in.v, {mask, 4, 4}), in, {mask, 4, 4});
}

TEST_CASE("flash holds one tile of scores", "[basic][flash_attention][3pt]") {
  auto in = uniform_inputs({.q_len = 2, .kv_len = 320 << 10, .head_dim = 1});
  for (float& value : in.v.values()) value += 1;  // else the result is nearly 0, and every tolerance too wide
  CHECK_THAT(student<flash_attention>(in.q, in.k, in.v, {Mask::none, 2, 512}).output,
             matches_attention(in, formula(in, Mask::none)));
  CHECK_THAT(evidence(),
             workspace_at_most(40 << 10,
                               "a tile of scores is 4 KiB, and matmul wants a few; a single row of scores "
                               "is 1.25 MiB, the scores of a tile of queries 2.5 MiB. Of earlier tiles only "
                               "max, sum and output stay"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; one row of scores would be 1.25 MiB");
}

TEST_CASE("tiles that nobody sees are not computed", "[basic][count][flash_attention][2pt]") {
  const auto in = random_inputs({.q_len = 256, .kv_len = 256});
  const FlashOptions options{Mask::causal, 16, 16};
  CHECK_THAT(student<flash_attention>(in.q, in.k, in.v, options).output,
             matches_attention(in, formula(in, Mask::causal)));
  const std::int64_t tiles = check_tiles_read(in, in.k, "keys", options);
  check_tiles_read(in, in.v, "values", options);
  remark("tiles of keys read: " + std::to_string(tiles) + " of 256");
}

TEST_CASE("one pass over the tiles is enough", "[basic][count][flash_attention][2pt]") {
  // Tiles of one query: here a copy of a tile reads as much as a product does, and each further pass reads it again.
  const auto in = random_inputs({.q_len = 96, .kv_len = 96});
  const FlashOptions options{GENERATE(Mask::none, Mask::causal), 1, 8};
  CHECK_THAT(student<flash_attention>(in.q, in.k, in.v, options).output,
             matches_attention(in, formula(in, options.mask)));
  check_tiles_read(in, in.k, "keys", options);
  check_tiles_read(in, in.v, "values", options);
}

TEST_CASE("unfused moves the scores four times", "[basic][traffic_bytes][1pt]") {
  const Problem problem{.q_len = 5, .kv_len = 7, .head_dim = 3, .q_tile = 2};
  CHECK_THAT(student<traffic_bytes>(Algorithm::unfused, problem), moves(Algorithm::unfused, problem));
}

TEST_CASE("fused reads all keys for every query", "[basic][traffic_bytes][1pt]") {
  const Problem problem{.q_len = 5, .kv_len = 7, .head_dim = 3, .q_tile = 2};
  CHECK_THAT(student<traffic_bytes>(Algorithm::fused, problem), moves(Algorithm::fused, problem));
}

TEST_CASE("flash reads all keys for every tile of queries", "[basic][traffic_bytes][1pt]") {
  const int q_tile = GENERATE(1, 4, 5, 12, 50);
  const Problem problem{.q_len = 12, .kv_len = 7, .head_dim = 3, .q_tile = q_tile};
  CHECK_THAT(student<traffic_bytes>(Algorithm::flash, problem), moves(Algorithm::flash, problem));
}

TEST_CASE("intensity is FLOPs by bytes", "[basic][arithmetic_intensity][2pt]") {
  const Algorithm algorithm = GENERATE(Algorithm::unfused, Algorithm::fused, Algorithm::flash);
  const Problem problem{.q_len = 40, .kv_len = 70, .head_dim = 8, .q_tile = 16};
  CHECK_THAT(student<arithmetic_intensity>(algorithm, problem), has_intensity(algorithm, problem));
}
