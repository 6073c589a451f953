#include "attends.h"
#include "layouts.h"

using namespace workbook;
using namespace workbook::sliding_window;

// Hint: queries and keys need not be equally many, and a window may reach beyond both ends.
TEST_CASE("masks and ranges of windows drawn at random", "[hidden][key_range][1pt]") {
  for (int n = 0; n < 20; ++n) {
    const Window w{random_integer(1, 15), random_integer(1, 15), random_integer(1, 17),
                   n % 3 == 0 ? Mask::none : Mask::causal};
    INFO(kRangesOfAll);
    CHECK_THAT(ranges_by_student(w), are_ranges_of(w));
  }
}

// Hint: queries and keys need not be equally many: which key is a query's own?
TEST_CASE("windows of shapes drawn at random", "[hidden][sliding_window_attention][2pt]") {
  for (int n = 0; n < 12; ++n) {
    const Window w{random_integer(1, 30), random_integer(1, 30), random_integer(1, 12),
                   n % 3 == 0 ? Mask::none : Mask::causal};
    const auto in = random_inputs(random_integer(1, 3), random_integer(1, 3), w, random_integer(1, 33));
    CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask), attends_to_window(in, w));
  }
}

// Hint: there may be no keys at all. What is the softmax of nothing?
TEST_CASE("no keys at all give zeros", "[hidden][sliding_window_attention][1pt]") {
  const Window w{.q_len = 3, .kv_len = 0, .window = 2, .mask = GENERATE(Mask::causal, Mask::none)};
  const auto in = random_inputs(1, 2, w, 5);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask),
             matches(Tensor({1, 2, 3, 5}), zeros()));
}

// Hint: what is the largest thing you allocate, and how does it grow with the sequence?
TEST_CASE("a long sequence fits where its scores do not", "[hidden][sliding_window_attention][2pt]") {
  const Window w{.q_len = 4096, .kv_len = 4096, .window = 8};
  const auto in = random_inputs(1, 4, w, 8);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask),
             matches_attention(in, {.visible = w.visible()}));
  CHECK_THAT(evidence(), workspace_at_most(448 << 10,
                                           "the scores of one head's windows are 128 KiB, and matmul may want 256 KiB; "
                                           "all scores of a head take 64 MiB, a bool for each 16 MiB"));
}

// Hint: how many keys does each query read?
TEST_CASE("twice the sequence is twice the scores", "[hidden][count][sliding_window_attention][1pt]") {
  const Window w{.q_len = 1536, .kv_len = 1536, .window = 24, .mask = GENERATE(Mask::causal, Mask::none)};
  const auto in = random_inputs(1, 1, w, 8);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask), attends_to_window(in, w));
  CHECK_THAT(evidence(), reads_pairs(in.k, "keys", w.pairs(), w.q_len * w.kv_len));
  CHECK_THAT(evidence(), reads_pairs(in.v, "values", w.pairs(), w.q_len * w.kv_len));
}

// Hint: local, global and random blocks may overlap, and ask for more blocks than there are.
TEST_CASE("layouts drawn at random", "[hidden][block_layout][1pt]") {
  for (int n = 0; n < 12; ++n) {
    const LayoutConfig config{.blocks = static_cast<int>(random_integer(1, 20)),
                              .local = static_cast<int>(random_integer(1, 4)),
                              .global = static_cast<int>(random_integer(0, 3)),
                              .random = static_cast<int>(random_integer(0, 4)),
                              .seed = static_cast<std::uint64_t>(random_integer(0, 1'000'000)),
                              .mask = n % 2 ? Mask::none : Mask::causal};
    CHECK_THAT(student<block_layout>(config), is_layout_of(config));
  }
}

// Hint: the last block may be short, and queries may be fewer than keys.
TEST_CASE("blocks of shapes drawn at random", "[hidden][block_sparse_attention][2pt]") {
  for (int n = 0; n < 12; ++n) {
    const std::int64_t kv_len = random_integer(1, 40), q_len = random_integer(1, kv_len);
    const std::int64_t block_size = random_integer(1, 9);
    const Blocks blocks{random_layout((kv_len + block_size - 1) / block_size), block_size,
                        n % 3 == 0 ? Mask::none : Mask::causal, q_len, kv_len};
    const auto in = random_inputs(random_integer(1, 2), random_integer(1, 3), {.q_len = q_len, .kv_len = kv_len},
                                  random_integer(1, 17));
    CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, block_size, blocks.mask),
               attends_to_blocks(in, blocks));
  }
}

// Hint: how many scores are alive at once?
TEST_CASE("blocks need no score matrix", "[hidden][block_sparse_attention][1pt]") {
  const LayoutConfig config{.blocks = 256, .local = 2, .global = 1, .random = 1, .seed = 3, .mask = Mask::causal};
  const Blocks blocks{layout_by(config), 16, Mask::causal, 4096, 4096};
  const auto in = random_inputs(1, 4, {.q_len = 4096, .kv_len = 4096}, 8);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, 16, blocks.mask),
             matches_attention(in, {.visible = blocks.visible()}));
  CHECK_THAT(evidence(), workspace_at_most(640 << 10,
                                           "the scores of one block of queries are at most 256 KiB, and matmul may "
                                           "want 256 KiB; all scores of a head take 64 MiB, a bool for each 16 MiB"));
}

// Hint: what is the weight of the only key that a query sees?
TEST_CASE("blocks of one key return its value, bit by bit", "[hidden][block_sparse_attention][1pt]") {
  const Blocks blocks{layout_by({.blocks = 6}), 1, GENERATE(Mask::causal, Mask::none), 6, 6};
  const auto in = random_inputs(2, 2, {.q_len = 6, .kv_len = 6}, 8);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, 1, blocks.mask),
             are_values(to_double(in.v)));
}
