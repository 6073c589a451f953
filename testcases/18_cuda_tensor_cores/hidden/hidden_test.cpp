#include "gates.h"

using namespace workbook;
using namespace workbook::cuda_tensor_cores;

namespace {

Sizes drawn() {
  const std::int64_t kv_heads = random_integer(1, 2);
  return {.batch = random_integer(1, 2),
          .heads = kv_heads * random_integer(1, 2),
          .kv_heads = kv_heads,
          .q_len = random_integer(1, 140),
          .kv_len = random_integer(1, 200),
          .head_dim = 16 * random_integer(1, 8)};
}

template <auto F, class T = float16>
void check_drawn(int times) {
  for (int i = 0; i < times; ++i) {
    const Narrow<T> in(random_inputs(drawn(), 2));
    const Mask mask = i % 3 == 0 ? Mask::none : Mask::causal;
    check_flash(flash<F>(in, mask), in.wide, mask);
  }
}

}  // namespace

// Hint: try lengths just above and below multiples of 64, and more queries than keys with a causal mask
TEST_CASE("wmma is right for shapes drawn at random", "[hidden][wmma_attention][2pt]") {
  check_drawn<wmma_attention>(4);
}

// Hint: try lengths just above and below multiples of 64, and more queries than keys with a causal mask
TEST_CASE("mma is right for shapes drawn at random", "[hidden][mma_attention][2pt]") { check_drawn<mma_attention>(5); }

// Hint: in bfloat16, too, any lengths, and every head_dim that 16 divides
TEST_CASE("bfloat16 is right for shapes drawn at random", "[hidden][mma_attention_bf16][1pt]") {
  check_drawn<mma_attention_bf16, bfloat16>(3);
}

// Hint: what is under way when a block has one tile of keys, two, or none at all?
TEST_CASE("the pipeline is right for shapes drawn at random", "[hidden][pipelined_attention][2pt]") {
  check_drawn<pipelined_attention>(5);
}

// Hint: what is under way when a block has one tile of keys, two, or none at all? In bfloat16, too
TEST_CASE("the pipeline is right in bfloat16", "[hidden][pipelined_attention_bf16][1pt]") {
  check_drawn<pipelined_attention_bf16, bfloat16>(3);
}

// Hint: fmaxf passes over NaN: ask the sum, not the maximum, whether a query has seen anything
TEST_CASE("a NaN that somebody sees reaches the result", "[hidden][mma_attention][1pt]") {
  auto x = random_inputs({.q_len = 80, .kv_len = 80, .head_dim = 16});
  x.k.at(0, 0, GENERATE(0, 70), 2) = std::nanf("");
  const Result got = flash<mma_attention>(Narrow<float16>(x), Mask::causal);
  CHECK(std::isnan(got.output.at(0, 0, 79, 0)));
  CHECK(std::isnan(got.lse.at(0, 0, 79)));
}

// Hint: tiles are cut on all sides here: count bytes and FLOPs of your kernel for 100 queries and 170 keys
TEST_CASE("traffic, FLOPs and banks of a larger call", "[hidden][pipelined_attention][2pt]") {
  const auto in = halves({.heads = 2, .kv_heads = 1, .q_len = 100, .kv_len = 170, .head_dim = 128});
  CHECK_THAT((flash<pipelined_attention>(in, Mask::causal).output),
             matches_attention(in.wide, formula(in.wide, Mask::causal)));
  check_flop(problem_of<Problem>(in.wide, Mask::causal));
  check_traffic(problem_of<Problem>(in.wide, Mask::causal));
  check_banks();
  check_overlap(problem_of<Problem>(in.wide, Mask::causal));
}

// Hint: a scale of any sign and size, and tiles with one row
TEST_CASE("any scale, any tile", "[hidden][tile_scores][1pt]") {
  for (int i = 0; i < 4; ++i)
    check_scores(halves({.q_len = random_integer(1, kTile),
                         .kv_len = random_integer(1, kTile),
                         .head_dim = 16 * random_integer(1, 8)}),
                 static_cast<float>(random_integer(-3, 3)));
}
