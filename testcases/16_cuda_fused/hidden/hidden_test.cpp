#include "fused.h"

using namespace workbook;
using namespace workbook::cuda_fused;

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

TEST_CASE("rows drawn at random", "[hidden][query_scores][1pt]") {
  for (int i = 0; i < 12; ++i) check_scores(random_row(random_integer(1, 300), random_integer(1, 256), false), 0.25f);
}

TEST_CASE("weights drawn at random", "[hidden][weighted_values][1pt]") {
  for (int i = 0; i < 12; ++i) check_values(random_row(random_integer(1, 300), random_integer(1, 256), true));
}

TEST_CASE("a NaN that a query sees reaches its output", "[hidden][fused_attention][1pt]") {
  auto in = random_inputs({.q_len = 8, .kv_len = 8, .head_dim = 8});
  in.k.at(0, 0, GENERATE(0, 5), 2) = std::nanf("");
  CHECK(std::isnan(fused(in, Mask::causal).at(0, 0, 7, 0)));
}

TEST_CASE("traffic beyond 32 bits", "[hidden][traffic][1pt]") {
  const Problem problem{.batch = 8, .heads = 64, .kv_heads = 8, .q_len = 2048, .kv_len = 4096, .head_dim = 128};
  CHECK(student<traffic>(problem).loaded == expected_traffic(problem).loaded);
}
