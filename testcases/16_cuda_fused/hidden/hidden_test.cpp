#include "fused.h"

using namespace workbook;
using namespace workbook::cuda_fused;

// Hint: try one key, 129 keys, a head_dim that 4 does not divide, and more queries than keys with a causal mask
TEST_CASE("fused is right for shapes drawn at random", "[hidden][fused_attention][3pt]") {
  for (int i = 0; i < 10; ++i) {
    const std::int64_t kv_heads = random_integer(1, 3);
    const auto in = random_inputs({.batch = random_integer(1, 2),
                                   .heads = kv_heads * random_integer(1, 2),
                                   .kv_heads = kv_heads,
                                   .q_len = random_integer(1, 12),
                                   .kv_len = random_integer(1, 150),
                                   .head_dim = random_integer(1, 256)},
                                  2);
    const Mask mask = i % 3 == 0 ? Mask::none : Mask::causal;
    CHECK_THAT(fused(in, mask), fused_output(in, mask));
  }
}

// Hint: try 1, 15, 16 and 17 keys, and head_dim 1, 9 and 255
TEST_CASE("rows drawn at random", "[hidden][query_scores][1pt]") {
  for (int i = 0; i < 12; ++i) check_scores(random_row(random_integer(1, 300), random_integer(1, 256), false), 0.25f);
}

// Hint: try fewer keys than warps, and head_dim 31, 33 and 255
TEST_CASE("weights drawn at random", "[hidden][weighted_values][1pt]") {
  for (int i = 0; i < 12; ++i) check_values(random_row(random_integer(1, 300), random_integer(1, 256), true));
}

// Hint: fmaxf passes over NaN: ask the sum, not the maximum, whether a query has seen anything
TEST_CASE("a NaN that a query sees reaches its output", "[hidden][fused_attention][1pt]") {
  auto in = random_inputs({.q_len = 8, .kv_len = 8, .head_dim = 8});
  in.k.at(0, 0, GENERATE(0, 5), 2) = std::nanf("");
  CHECK(std::isnan(fused(in, Mask::causal).at(0, 0, 7, 0)));
}

// Hint: a product of ints is an int, even if it is stored in 64 bits afterwards
TEST_CASE("traffic beyond 32 bits", "[hidden][traffic][1pt]") {
  const Problem problem{.batch = 8, .heads = 64, .kv_heads = 8, .q_len = 2048, .kv_len = 4096, .head_dim = 128};
  CHECK(student<traffic>(problem).loaded == expected_traffic(problem).loaded);
}
