#include "fused.h"

using namespace workbook;
using namespace workbook::cuda_fused;

TEST_CASE("a query that sees no key gives zeros", "[advanced][fused_attention][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {40, 33}}));
  const auto in =
      random_inputs({.batch = 2, .heads = 2, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 32});
  CHECK_THAT(fused(in, Mask::causal), fused_output(in, Mask::causal));
}

TEST_CASE("scores may have any size", "[advanced][fused_attention][2pt]") {
  auto in = random_inputs({.heads = 2, .kv_heads = 2, .q_len = 9, .kv_len = 70, .head_dim = 16}, 20);
  if (GENERATE(false, true)) in.k = random_outliers(in.k.shape());
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  CHECK_THAT(fused(in, mask), fused_output(in, mask));
}

TEST_CASE("hidden keys are not loaded", "[advanced][fused_attention][3pt]") {
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = 64, .kv_len = 64, .head_dim = 64});
  CHECK_THAT(fused(in, Mask::causal), fused_output(in, Mask::causal));
  const double due = double(expected_traffic(problem_of<Problem>(in, Mask::causal)).loaded);
  CHECK_THAT(device(), loads_within(bytes_of(in), 1.1 * due,
                                    "a query loads the keys that it sees: the first i + 1 + (kv_len - q_len). End "
                                    "the loops there, and there is nothing left to mask"));
  remark(fmt::format("loaded {}; without the mask {}", size(double(device().loads().bytes)),
                     size(double(expected_traffic(problem_of<Problem>(in, Mask::none)).loaded))));
}

TEST_CASE("the whole kernel moves whole sectors", "[advanced][fused_attention][2pt]") {
  const auto in = random_inputs({.q_len = 8, .kv_len = 128, .head_dim = GENERATE(64, 80)});
  CHECK_THAT(fused(in, Mask::none), fused_output(in, Mask::none));
  check_sectors(1.3, "In the first product eight lanes share a key, in the second lanes have neighbouring channels");
}

TEST_CASE("a block waits a few times, not once for every key", "[advanced][fused_attention][1pt]") {
  const auto in = random_inputs({.q_len = 4, .kv_len = 300, .head_dim = 32});
  CHECK_THAT(fused(in, Mask::none), fused_output(in, Mask::none));
  std::uint64_t barriers = 0;
  for (const CudaLaunch& launch : device().launches) barriers += launch.operations.barriers;
  CHECK_THAT(barriers, at_most(4 * 16,
                               "16 barriers for each of 4 blocks. There is a barrier in a loop over keys: threads need "
                               "to meet between the steps only"));
  remark(fmt::format("barriers per block: {}", barriers / 4));
}

TEST_CASE("a row of 8192 keys fits", "[advanced][fused_attention][1pt]") {
  const auto in = random_inputs({.q_len = 1, .kv_len = kMaxKeys, .head_dim = 8});
  CHECK_THAT(fused(in, Mask::causal), fused_output(in, Mask::causal));
}

TEST_CASE("a row that does not fit is refused", "[advanced][fused_attention][1pt]") {
  const auto [kv_len, head_dim] = GENERATE(table<int, int>({{kMaxKeys + 1, 8}, {20, kMaxHeadDim + 1}}));
  const auto in = random_inputs({.q_len = 1, .kv_len = kv_len, .head_dim = head_dim});
  Tensor out(in.q.shape());
  CHECK_THROWS_AS(student<fused_attention>(in.q, in.k, in.v, out, Mask::none, {}), std::invalid_argument);
}
