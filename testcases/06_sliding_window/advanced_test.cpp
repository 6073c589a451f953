#include "attends.h"
#include "layouts.h"

using namespace workbook;
using namespace workbook::sliding_window;

namespace {

constexpr std::int64_t kWidest = std::numeric_limits<std::int64_t>::max(), kHalfOfAll = kWidest / 2 + 1;
const std::string kEmptyRow =
    "the result holds NaN. Is the softmax of a query that sees no key 0 / 0? Its row must be zeros";

const std::string kOverflows = "if narrower windows are right: does a sum or a difference with the window overflow?";

}  // namespace

TEST_CASE("the mask of queries at the end", "[advanced][window_mask][1pt]") {
  // Aligned at the end: the last query and the last key are the same position. Sometimes no key is left.
  const auto [q_len, kv_len, window] =
      GENERATE(table<int, int, int>({{3, 8, 4}, {1, 7, 3}, {6, 3, 2}, {9, 2, 4}, {3, 0, 2}}));
  const Mask mask = GENERATE(Mask::causal, Mask::none);
  CHECK_THAT(student<window_mask>(q_len, kv_len, window, mask), is_mask_of({q_len, kv_len, window, mask}));
}

TEST_CASE("the ranges of queries at the end", "[advanced][key_range][2pt]") {
  const auto [q_len, kv_len, window] =
      GENERATE(table<int, int, int>({{3, 8, 4}, {1, 7, 3}, {6, 3, 2}, {9, 2, 4}, {3, 0, 2}}));
  const Window w{q_len, kv_len, window, GENERATE(Mask::causal, Mask::none)};
  INFO(kRangesOfAll);
  CHECK_THAT(ranges_by_student(w), are_ranges_of(w));
}

TEST_CASE("new queries see the end of a long cache", "[advanced][sliding_window_attention][1pt]") {
  const auto [q_len, kv_len, window] = GENERATE(table<int, int, int>({{1, 12, 4}, {3, 14, 5}, {6, 8, 3}}));
  const Window w{q_len, kv_len, window, GENERATE(Mask::causal, Mask::none)};
  const auto in = random_inputs(2, 2, w, 8);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, window, w.mask), attends_to_window(in, w));
}

TEST_CASE("a query before all keys gives zeros", "[advanced][sliding_window_attention][1pt]") {
  const auto [q_len, kv_len, window] = GENERATE(table<int, int, int>({{7, 3, 2}, {6, 2, 4}, {3, 0, 2}}));
  const Window w{q_len, kv_len, window, GENERATE(Mask::causal, Mask::none)};
  const auto in = random_inputs(2, 2, w, 8);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, window, w.mask),
             attends_to_window(in, w).but_if(has_nan, kEmptyRow));
}

TEST_CASE("one new token reads 64 of 4096 keys", "[advanced][count][sliding_window_attention][1pt]") {
  // A cache whose keys before the window are gone: a rolling buffer has written over them.
  const Window w{.q_len = 1, .kv_len = 4096, .window = 64};
  const auto in = random_inputs(1, 2, w, 16);
  Tensor k = in.k, v = in.v;
  for (std::int64_t j = 0; j < w.kv_len - w.window; ++j)
    for (Tensor* x : {&k, &v})
      for (std::int64_t h = 0; h < 2; ++h) std::ranges::fill(x->row(0, h, j), std::nanf(""));
  CHECK_THAT(student<sliding_window_attention>(in.q, k, v, w.window, w.mask),
             attends_to_window(in, w).but_if(has_nan,
                                             "NaN is in the result, and only forgotten keys and values hold one. Was "
                                             "something outside the window read? NaN survives every mask but absence"));
  CHECK_THAT(evidence(), reads_pairs(k, "keys", 2 * w.window, 2 * w.kv_len));
  CHECK_THAT(evidence(), reads_pairs(v, "values", 2 * w.window, 2 * w.kv_len));
  const auto read = static_cast<std::int64_t>(evidence().bytes_read(k).value_or(0) / sizeof(float)) / 16 / 2;
  remark(fmt::format("keys read by a head: {} of {}", read, w.kv_len));
}

TEST_CASE("a window wider than the sequence hides nothing", "[advanced][sliding_window_attention][1pt]") {
  const auto window = GENERATE(as<std::int64_t>{}, 9, 10, 100, 2'147'483'647, 1'000'000'000'000, kHalfOfAll, kWidest);
  const Window w{9, 9, window, GENERATE(Mask::causal, Mask::none)};
  const auto in = random_inputs(2, 2, w, 5);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, window, w.mask), attends_to_window(in, w));
}

TEST_CASE("a window of less than one key is refused", "[advanced][sliding_window_attention][1pt]") {
  const auto in = random_inputs(1, 2, {.q_len = 3, .kv_len = 3}, 4);
  CHECK_THROWS_AS(student<sliding_window_attention>(in.q, in.k, in.v, 0, Mask::causal), std::invalid_argument);
  CHECK_THROWS_AS(student<sliding_window_attention>(in.q, in.k, in.v, -4, Mask::none), std::invalid_argument);
}

TEST_CASE("logits may have any size", "[advanced][sliding_window_attention][1pt]") {
  const Window w{.q_len = 10, .kv_len = 10, .window = 4, .mask = GENERATE(Mask::causal, Mask::none)};
  auto in = random_inputs(2, 2, w, 16, 20);
  if (GENERATE(false, true)) in.k = random_outliers(in.k.shape());
  in.q = whole_numbers(in.q), in.k = whole_numbers(in.k);  // their scores are exact
  CHECK_THAT(
      student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask),
      attends_to_window(in, w).but_if(
          has_nan,
          "the result holds NaN. Did exp overflow, or underflow for a whole row? Take off the largest score that "
          "the query sees, no more and no less, before exp. Nothing else changes"));
}

TEST_CASE("masks and ranges of the widest windows", "[advanced][key_range][2pt]") {
  const auto window = GENERATE(as<std::int64_t>{}, 2'147'483'647, 2'147'483'648, kHalfOfAll, kWidest - 3, kWidest);
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 5}, {7, 3}, {2, 6}}));
  const Window w{q_len, kv_len, window, GENERATE(Mask::causal, Mask::none)};
  INFO(kRangesOfAll);
  CHECK_THAT(ranges_by_student(w), are_ranges_of(w).otherwise(kOverflows));
}

TEST_CASE("the mask of the widest windows", "[advanced][window_mask][1pt]") {
  const auto window = GENERATE(as<std::int64_t>{}, 2'147'483'648, kHalfOfAll, kWidest);
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 5}, {7, 3}}));
  const Window w{q_len, kv_len, window, GENERATE(Mask::causal, Mask::none)};
  CHECK_THAT(student<window_mask>(q_len, kv_len, window, w.mask), is_mask_of(w).otherwise(kOverflows));
}

TEST_CASE("a range is found without a walk over the keys", "[advanced][key_range][1pt]") {
  const std::int64_t kv_len = 1'000'000'000'000'000, window = 1'000'000'000'001, q_len = 1000;
  const Mask mask = GENERATE(Mask::causal, Mask::none);
  for (const std::int64_t query : {0, 7, 999}) {
    const std::int64_t position = query + kv_len - q_len, first = position - window + 1;
    const std::int64_t end = mask == Mask::causal ? position + 1 : kv_len;
    const KeyRange got = student<key_range>(query, q_len, kv_len, window, mask);
    CHECK_THAT(got.first, is_count(first, "first").but_not_in_int("a position"));
    CHECK_THAT(got.count, is_count(end - first, "count").but_not_in_int("a position"));
  }
}

TEST_CASE("no extent is too large", "[advanced][sliding_window_attention][2pt]") {
  const auto [heads, q_len, kv_len, window, head_dim] = GENERATE(table<int, int, int, int, int>(
      {{2, 2, 9001, 9001, 3}, {2, 1101, 1101, 3, 3}, {2, 3, 9, 4, 301}, {70, 2, 4, 3, 3}, {1, 2, 5, 3, 1030}}));
  const Window w{q_len, kv_len, window, GENERATE(Mask::causal, Mask::none)};
  const auto in = random_inputs(1, heads, w, head_dim);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, window, w.mask), attends_to_window(in, w));
}

TEST_CASE("a window is read where it is", "[advanced][sliding_window_attention][2pt]") {
  const Window w = GENERATE(Window{1, 4500, 4096}, Window{1, 330'000, 64});
  const auto in = large_inputs(1, w, w.window == 64 ? 1 : 72);  // the keys of the first window are 1.1 MiB
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask),
             matches_attention(in, {.visible = w.visible()}));
  CHECK_THAT(evidence(), workspace_at_most(96 << 10,
                                           "the scores of a window are at most 16 KiB, as is what matmul wants; a copy "
                                           "of the window's keys is 1.1 MiB, a row of all scores 1.3 MiB"));
}

TEST_CASE("local blocks are a window of blocks", "[advanced][block_layout][2pt]") {
  const auto [blocks, local] = GENERATE(table<int, int>({{7, 1}, {7, 3}, {4, 9}}));
  const LayoutConfig config{.blocks = blocks, .local = local, .mask = GENERATE(Mask::none, Mask::causal)};
  CHECK_THAT(student<block_layout>(config), is_layout_of(config));
}

TEST_CASE("global blocks see all and are seen by all", "[advanced][block_layout][1pt]") {
  const auto [blocks, global] = GENERATE(table<int, int>({{8, 1}, {7, 2}, {3, 5}}));
  const LayoutConfig config{.blocks = blocks, .local = 2, .global = global, .mask = GENERATE(Mask::none, Mask::causal)};
  CHECK_THAT(student<block_layout>(config), is_layout_of(config));
}

TEST_CASE("random blocks are those with the smallest lots", "[advanced][block_layout][2pt]") {
  const LayoutConfig config{.blocks = 12,
                            .local = 2,
                            .global = GENERATE(0, 1),
                            .random = GENERATE(1, 3, 20),
                            .seed = GENERATE(std::uint64_t{0}, std::uint64_t{7}),
                            .mask = GENERATE(Mask::none, Mask::causal)};
  CHECK_THAT(student<block_layout>(config), is_layout_of(config));
}

TEST_CASE("attention over the blocks of a layout", "[advanced][block_sparse_attention][3pt]") {
  const Window w{.q_len = 15, .kv_len = 15};
  const Blocks blocks{random_layout(5), 3, GENERATE(Mask::causal, Mask::none), 15, 15};
  const auto in = random_inputs(2, 2, w, 8);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, 3, blocks.mask),
             attends_to_blocks(in, blocks));
}

TEST_CASE("the last block may be smaller", "[advanced][block_sparse_attention][1pt]") {
  const auto [seq, block_size] = GENERATE(table<int, int>({{14, 4}, {17, 5}, {3, 8}}));
  const Blocks blocks{random_layout((seq + block_size - 1) / block_size), block_size,
                      GENERATE(Mask::none, Mask::causal), seq, seq};
  const auto in = random_inputs(2, 2, {.q_len = seq, .kv_len = seq}, 8);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, block_size, blocks.mask),
             attends_to_blocks(in, blocks));
}

TEST_CASE("a layout belongs to positions, not to queries", "[advanced][block_sparse_attention][1pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{4, 15}, {7, 14}, {1, 15}}));
  const Blocks blocks{random_layout(5), 3, GENERATE(Mask::causal, Mask::none), q_len, kv_len};
  const auto in = random_inputs(2, 2, {.q_len = q_len, .kv_len = kv_len}, 8);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, 3, blocks.mask),
             attends_to_blocks(in, blocks));
}

TEST_CASE("a query whose row is empty gives zeros", "[advanced][block_sparse_attention][1pt]") {
  Blocks blocks{random_layout(4), 3, GENERATE(Mask::causal, Mask::none), 12, 12};
  for (std::int64_t j = 0; j < 4; ++j) blocks.layout.at(1, j) = j == 3;  // empty if the mask is causal
  for (std::int64_t j = 0; j < 4; ++j) blocks.layout.at(2, j) = false;
  const auto in = random_inputs(2, 2, {.q_len = 12, .kv_len = 12}, 8);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, 3, blocks.mask),
             attends_to_blocks(in, blocks).but_if(has_nan, kEmptyRow));
}

TEST_CASE("a block may be larger than the sequence", "[advanced][block_sparse_attention][1pt]") {
  const auto block_size = GENERATE(as<std::int64_t>{}, 12, 2'147'483'648, kHalfOfAll, kWidest);
  const Blocks blocks{random_layout(1), block_size, GENERATE(Mask::causal, Mask::none), 5, 11};
  const auto in = random_inputs(2, 2, {.q_len = 5, .kv_len = 11}, 8);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, block_size, blocks.mask),
             attends_to_blocks(in, blocks));
}

TEST_CASE("blocks of any number, size and head_dim", "[advanced][block_sparse_attention][2pt]") {
  const auto [q_len, kv_len, block_size, head_dim] = GENERATE(
      table<int, int, int, int>({{140, 140, 1, 3}, {2, 9001, 1500, 3}, {3, 11, 4, 301}, {1101, 1101, 300, 2}}));
  const Mask mask = q_len > 1000 ? Mask::causal : GENERATE(Mask::causal, Mask::none);  // so many pairs take time
  const Blocks blocks{random_layout((kv_len + block_size - 1) / block_size), block_size, mask, q_len, kv_len};
  const auto in = random_inputs(1, 2, {.q_len = q_len, .kv_len = kv_len}, head_dim);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, block_size, blocks.mask),
             attends_to_blocks(in, blocks));
}

TEST_CASE("blocks: scores may have any size", "[advanced][block_sparse_attention][2pt]") {
  const Blocks blocks{random_layout(5), 3, GENERATE(Mask::causal, Mask::none), 14, 14};
  const bool equal = GENERATE(true, false);
  const Sizes sizes{.heads = 2, .q_len = 14, .kv_len = 14, .head_dim = 4};
  const auto in = equal ? inputs_of_equal_scores(sizes, kScoresOfAllSizes) : inputs_of_large_scores(sizes, 40);
  INFO((equal ? kOneScoreEach : "The scores of a query are hundreds apart."));
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, 3, blocks.mask),
             attends_to_blocks(in, blocks)
                 .but_if(has_nan,
                         "the result holds NaN. Is the largest score of all blocks that "
                         "the query sees taken off before exp?"));
}

TEST_CASE("blocks: a second call knows nothing of the first", "[advanced][block_sparse_attention][1pt]") {
  const Blocks old{random_layout(5), 3, Mask::none, 14, 14}, blocks{random_layout(5), 3, Mask::causal, 14, 14};
  const auto earlier = random_inputs(2, 2, {.q_len = 14, .kv_len = 14}, 8);
  const auto in = random_inputs(2, 2, {.q_len = 14, .kv_len = 14}, 8);
  student<block_sparse_attention>(earlier.q, earlier.k, earlier.v, old.layout, 3, old.mask);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, 3, blocks.mask),
             attends_after(earlier, in, {.visible = blocks.visible()})
                 .but_not([=] { return oracle::attention(in.q, in.k, in.v, {.visible = old.visible()}); },
                          "layout and mask are those of the call before"));
}

TEST_CASE("blocks are read where they are", "[advanced][block_sparse_attention][1pt]") {
  const Blocks blocks{layout_by({.blocks = 2, .global = 1}), 4096, Mask::causal, 1, 8192};
  const auto in = large_inputs(1, {.q_len = 1, .kv_len = 8192}, 72);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, 4096, blocks.mask),
             matches_attention(in, {.visible = blocks.visible()}));
  CHECK_THAT(evidence(), workspace_at_most(112 << 10,
                                           "the scores of the query are 32 KiB, and matmul wants no more; a copy of "
                                           "the keys of one block is 1.1 MiB"));
}

TEST_CASE("a layout may have many blocks, and counts that exceed them", "[advanced][block_layout][1pt]") {
  const int most = std::numeric_limits<int>::max();
  const LayoutConfig config = GENERATE_COPY(
      LayoutConfig{.blocks = 140, .local = 2, .global = 1, .random = 3, .seed = 5},
      LayoutConfig{.blocks = 9, .local = most}, LayoutConfig{.blocks = 9, .global = most, .mask = Mask::causal},
      LayoutConfig{.blocks = 9, .random = most, .mask = Mask::causal});
  CHECK_THAT(student<block_layout>(config), is_layout_of(config));
}

TEST_CASE("a second layout knows nothing of the first", "[advanced][block_layout][1pt]") {
  const LayoutConfig old{.blocks = 12, .local = 3, .global = 1, .random = 2, .seed = 3};
  const LayoutConfig config{.blocks = 12, .local = 2, .random = 2, .seed = 8, .mask = Mask::causal};
  student<block_layout>(old);
  CHECK_THAT(student<block_layout>(config),
             is_layout_of(config).but_not([=] { return layout_by(old); }, "this is the layout of the call before"));
}

TEST_CASE("a layout of another size is refused", "[advanced][block_sparse_attention][1pt]") {
  const auto in = random_inputs(1, 1, {.q_len = 10, .kv_len = 10}, 4);
  const Shape wrong = GENERATE(Shape{2, 2}, Shape{4, 4}, Shape{3, 4});  // of blocks of 4, there are 3
  CHECK_THROWS_AS(student<block_sparse_attention>(in.q, in.k, in.v, TensorOf<bool>(wrong, true), 4, Mask::causal),
                  std::invalid_argument);
}

TEST_CASE("hidden blocks are not read", "[advanced][count][block_sparse_attention][3pt]") {
  // BigBird's three kinds of blocks, causal: 32 blocks of 32 keys.
  const LayoutConfig config{.blocks = 32, .local = 2, .global = 1, .random = 2, .seed = 1, .mask = Mask::causal};
  const Blocks blocks{layout_by(config), 32, Mask::causal, 1024, 1024};
  const auto in = random_inputs(1, 1, {.q_len = 1024, .kv_len = 1024}, 16);
  CHECK_THAT(student<block_sparse_attention>(in.q, in.k, in.v, blocks.layout, 32, blocks.mask),
             attends_to_blocks(in, blocks));
  const std::int64_t pairs = oracle::count_pairs(blocks.visible(), 1024, 1024);
  CHECK_THAT(evidence(), reads_pairs(in.k, "keys", pairs, 1024 * 1024));
  CHECK_THAT(evidence(), reads_pairs(in.v, "values", pairs, 1024 * 1024));
  const auto read = static_cast<std::int64_t>(evidence().bytes_read(in.k).value_or(0) / sizeof(float)) / 16;
  remark(fmt::format("scores computed: {}; all pairs would be {}", read, 1024 * 1024));
}

TEST_CASE("NaN in a hidden block stays there", "[advanced][block_sparse_attention][1pt]") {
  Blocks blocks{random_layout(5), 3, GENERATE(Mask::causal, Mask::none), 14, 14};
  for (std::int64_t i = 0; i < 5; ++i) blocks.layout.at(i, 1) = false;
  for (std::int64_t i = 0; i < 5; ++i) blocks.layout.at(i, 0) = true;
  const auto in = random_inputs(2, 2, {.q_len = 14, .kv_len = 14}, 8);
  SECTION("by a key") {
    Tensor k = in.k;
    for (const std::int64_t j : {3, 4, 5}) k = poisoned(std::move(k), j);
    CHECK_THAT(student<block_sparse_attention>(in.q, k, in.v, blocks.layout, 3, blocks.mask),
               attends_to_blocks(in, blocks).but_if(has_nan, kPoisonedKeys));
  }
  SECTION("by a value") {
    Tensor v = in.v;
    for (const std::int64_t j : {3, 4, 5}) v = poisoned(std::move(v), j);
    CHECK_THAT(student<block_sparse_attention>(in.q, in.k, v, blocks.layout, 3, blocks.mask),
               attends_to_blocks(in, blocks).but_if(has_nan, kPoisonedValues));
  }
}
