#include "gates.h"

using namespace workbook;
using namespace workbook::cuda_flash;

// Hint: try lengths just above and below multiples of 32, and more queries than keys with a causal mask
TEST_CASE("flash is right for shapes drawn at random", "[hidden][flash_attention][3pt]") {
  for (int i = 0; i < 10; ++i) {
    const std::int64_t kv_heads = random_integer(1, 3);
    const auto in = random_inputs({.batch = random_integer(1, 2),
                                   .heads = kv_heads * random_integer(1, 2),
                                   .kv_heads = kv_heads,
                                   .q_len = random_integer(1, 70),
                                   .kv_len = random_integer(1, 100),
                                   .head_dim = random_integer(1, 256)},
                                  2);
    const Mask mask = i % 3 == 0 ? Mask::none : Mask::causal;
    check_flash(flash(in, mask), in, mask);
  }
}

// Hint: try head_dim 2, 30, 60, 100 and 250: what does the last float4 of a row hold, and who stores it?
TEST_CASE("any head_dim, one after the other", "[hidden][flash_attention][2pt]") {
  for (int head_dim = 1; head_dim <= 256; head_dim += static_cast<int>(random_integer(3, 17))) {
    const auto in = random_inputs({.q_len = 5, .kv_len = 37, .head_dim = head_dim});
    INFO("head_dim " << head_dim);
    CHECK_THAT(flash(in, Mask::none).output, flash_output(in, Mask::none));
  }
}

// Hint: fmaxf passes over NaN: ask the sum, not the maximum, whether a query has seen anything
TEST_CASE("a NaN that somebody sees reaches the result", "[hidden][flash_attention][1pt]") {
  auto in = random_inputs({.q_len = 40, .kv_len = 40, .head_dim = 8});
  in.k.at(0, 0, GENERATE(0, 35), 2) = std::nanf("");
  const Result got = flash(in, Mask::causal);
  CHECK(std::isnan(got.output.at(0, 0, 39, 0)));
  CHECK(std::isnan(got.lse.at(0, 0, 39)));
}

// Hint: tiles are cut on all sides here: count the bytes of your kernel for 70 queries and 100 keys
TEST_CASE("traffic, memory and banks of a larger call", "[hidden][flash_attention][2pt]") {
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = 70, .kv_len = 100, .head_dim = 64});
  CHECK_THAT(flash(in, Mask::causal).output, flash_output(in, Mask::causal));
  check_loads(problem_of<Problem>(in, Mask::causal));
  check_no_score_matrix(problem_of<Problem>(in, Mask::causal));
  check_banks(1.1);
}

// Hint: is your pitch odd, large enough, and no larger than need be, for every head_dim from 1 to 256?
TEST_CASE("any pitch", "[hidden][tile_pitch][1pt]") {
  for (int head_dim = 1; head_dim <= 256; ++head_dim) CHECK(student<tile_pitch>(head_dim) == ((head_dim + 3) / 4 | 1));
}

// Hint: a product of ints is an int, even if it is stored in 64 bits afterwards
TEST_CASE("bytes beyond 32 bits", "[hidden][kv_bytes][1pt]") {
  const Problem problem{.batch = 8, .heads = 64, .kv_heads = 8, .q_len = 32'768, .kv_len = 32'768, .head_dim = 128};
  CHECK(student<kv_bytes>(problem) == expected_kv_bytes(problem));
}
