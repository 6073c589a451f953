#include "flash.h"
#include "traffic.h"

using namespace workbook;
using namespace workbook::fused_vs_flash;

namespace {

Inputs inputs_drawn_at_random() {
  const std::int64_t kv_heads = random_integer(1, 3);
  return random_inputs({.batch = random_integer(1, 2),
                        .heads = kv_heads * random_integer(1, 3),
                        .kv_heads = kv_heads,
                        .q_len = random_integer(1, 30),
                        .kv_len = random_integer(1, 40),
                        .head_dim = random_integer(1, 33)},
                       3);
}

}  // namespace

// Hint: try shapes of your own in which no two extents are equal.
TEST_CASE("fused is right for shapes drawn at random", "[hidden][fused_attention][2pt]") {
  for (int i = 0; i < 12; ++i) {
    const auto in = inputs_drawn_at_random();
    const Mask mask = i % 3 == 0 ? Mask::none : Mask::causal;
    CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, mask), attends(in, mask));
  }
}

// Hint: tiles need not divide the lengths, nor be alike for queries and keys.
TEST_CASE("flash is right for shapes and tiles drawn at random", "[hidden][flash_attention][3pt]") {
  for (int i = 0; i < 24; ++i) {
    const auto in = inputs_drawn_at_random();
    const FlashOptions options{i % 3 == 0 ? Mask::none : Mask::causal, static_cast<int>(random_integer(1, 33)),
                               static_cast<int>(random_integer(1, 45))};
    check_flash(student<flash_attention>(in.q, in.k, in.v, options), in, options);
  }
}

// Hint: an extent may be 0. Which tile is the first then?
TEST_CASE("no keys and no queries are no trouble", "[hidden][flash_attention][1pt]") {
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = GENERATE(0, 3), .kv_len = GENERATE(0, 4)});
  const FlashOptions options{GENERATE(Mask::none, Mask::causal), 2, 2};
  check_flash(student<flash_attention>(in.q, in.k, in.v, options), in, options);
}

// Hint: there may be no keys at all. What is the softmax of nothing?
TEST_CASE("no keys leave fused at zeros", "[hidden][fused_attention][1pt]") {
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = 3, .kv_len = 0});
  CHECK_THAT(student<fused_attention>(in.q, in.k, in.v, GENERATE(Mask::none, Mask::causal)),
             matches(Tensor(in.q.shape()), zeros()));
}

// Hint: what is the largest thing you allocate, and how does it grow with the sequence?
TEST_CASE("flash works where a score matrix does not fit", "[hidden][flash_attention][2pt]") {
  const auto in = random_inputs({.q_len = 1792, .kv_len = 1792});
  const FlashOptions options{Mask::causal, 64, 64};
  check_flash(student<flash_attention>(in.q, in.k, in.v, options), in, options);
  CHECK_THAT(evidence(), workspace_at_most(128 << 10,
                                           "a tile of scores is 16 KiB, and matmul wants some; a head's scores are 12 "
                                           "MiB"));
}

// Hint: a NaN must not get lost in a maximum.
TEST_CASE("a NaN that somebody sees reaches the result", "[hidden][flash_attention][1pt]") {
  auto in = random_inputs({.q_len = 6, .kv_len = 6});
  in.k.at(0, 0, GENERATE(0, 3), 2) = std::nanf("");
  const FlashResult got = student<flash_attention>(in.q, in.k, in.v, {Mask::causal, 2, 2});
  CHECK(std::isnan(got.output.at(0, 0, 5, 0)));
  CHECK(std::isnan(got.lse.at(0, 0, 5)));
}

// Hint: the numbers get large. In which type is each product computed?
TEST_CASE("traffic is exact in 64 bits", "[hidden][traffic_bytes][1pt]") {
  const Problem problem{.q_len = 1'000'003, .kv_len = 999'983, .head_dim = 127, .q_tile = 61};
  for (const Algorithm algorithm : {Algorithm::unfused, Algorithm::fused, Algorithm::flash})
    CHECK(student<traffic_bytes>(algorithm, problem) == count(algorithm, problem).bytes());
}
