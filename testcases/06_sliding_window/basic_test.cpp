#include "attends.h"

using namespace workbook;
using namespace workbook::sliding_window;

TEST_CASE("with window 4, query 4 sees keys 1 to 4", "[basic][window_mask][2pt]") {
  const Window w{.q_len = 6, .kv_len = 6, .window = 4};
  const TensorOf<bool> by_hand({6, 6}, {
                                           1, 0, 0, 0, 0, 0,  //
                                           1, 1, 0, 0, 0, 0,  //
                                           1, 1, 1, 0, 0, 0,  //
                                           1, 1, 1, 1, 0, 0,  //
                                           0, 1, 1, 1, 1, 0,  //
                                           0, 0, 1, 1, 1, 1,
                                       });
  const auto mask = student<window_mask>(6, 6, 4, Mask::causal);
  CHECK_THAT(mask, is_mask_of(w));
  CHECK(mask == by_hand);
}

TEST_CASE("window and mask both hide keys", "[basic][window_mask][1pt]") {
  const auto [seq, window] = GENERATE(table<int, int>({{11, 6}, {9, 3}, {5, 1}, {6, 9}}));
  const Mask mask = GENERATE(Mask::causal, Mask::none);
  CHECK_THAT(student<window_mask>(seq, seq, window, mask), is_mask_of({seq, seq, window, mask}));
}

TEST_CASE("a row of the mask is a range of keys", "[basic][key_range][2pt]") {
  const auto [seq, window] = GENERATE(table<int, int>({{9, 4}, {11, 3}}));
  const Mask mask = GENERATE(Mask::causal, Mask::none);
  const Window w{seq, seq, window, mask};
  INFO(kRangesOfAll);
  CHECK_THAT(ranges_by_student(w), are_ranges_of(w));
}

TEST_CASE("at the ends of the sequence a window is cut", "[basic][key_range][1pt]") {
  const auto [seq, window] = GENERATE(table<int, int>({{6, 6}, {5, 8}, {4, 1}, {1, 3}}));
  const Mask mask = GENERATE(Mask::causal, Mask::none);
  const Window w{seq, seq, window, mask};
  INFO(kRangesOfAll);
  CHECK_THAT(ranges_by_student(w), are_ranges_of(w));
}

TEST_CASE("attention over a window", "[basic][sliding_window_attention][3pt]") {
  const auto [seq, window] = GENERATE(table<int, int>({{12, 4}, {13, 3}}));
  const Window w{seq, seq, window, GENERATE(Mask::causal, Mask::none)};
  const auto in = random_inputs(2, 3, w, 8);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, window, w.mask), attends_to_window(in, w));
}

TEST_CASE("what a query does not see does not reach it", "[basic][sliding_window_attention][3pt]") {
  const Window w{.q_len = 12, .kv_len = 12, .window = 4, .mask = GENERATE(Mask::causal, Mask::none)};
  const auto in = random_inputs(2, 2, w, 8);
  const std::int64_t key = GENERATE(0, 5, 11);
  const float poison = GENERATE(std::nanf(""), kInfinity);
  // Queries that see the NaN are not judged: they are given the right result.
  const oracle::Attention right{.visible = w.visible()};
  const Tensor64 expected = oracle::attention(in.q, in.k, in.v, right);
  const auto but_for_those_who_see = [&](Tensor got) {
    if (got.shape() != expected.shape()) return got;
    for (std::int64_t i = 0; i < w.q_len; ++i)
      for (std::int64_t b = 0; b < 2; ++b)
        for (std::int64_t h = 0; h < 2 && w.visible()(i, key); ++h)
          std::ranges::copy(expected.row(b, h, i), got.row(b, h, i).begin());
    return got;
  };
  INFO("key " << key << (std::isnan(poison) ? " is NaN" : " is infinite"));
  SECTION("by a key") {
    const Tensor got = student<sliding_window_attention>(in.q, poisoned(in.k, key, poison), in.v, w.window, w.mask);
    CHECK_THAT(but_for_those_who_see(got), attends_to_window(in, w).but_if(has_nan, kPoisonedKeys));
  }
  SECTION("by a value") {
    const Tensor got = student<sliding_window_attention>(in.q, in.k, poisoned(in.v, key, poison), w.window, w.mask);
    CHECK_THAT(but_for_those_who_see(got), attends_to_window(in, w).but_if(has_nan, kPoisonedValues));
  }
}

TEST_CASE("1024 queries, window 64: a sixteenth of the scores", "[basic][count][sliding_window_attention][3pt]") {
  const Window w{.q_len = 1024, .kv_len = 1024, .window = 64};
  const auto in = random_inputs(1, 1, w, 16);
  const Tensor out = student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask);
  const std::int64_t all = w.q_len * w.kv_len;
  CHECK_THAT(out, attends_to_window(in, w));
  CHECK_THAT(evidence(), reads_pairs(in.k, "keys", w.pairs(), all));
  CHECK_THAT(evidence(), reads_pairs(in.v, "values", w.pairs(), all));
  const auto read = static_cast<std::int64_t>(evidence().bytes_read(in.k).value_or(0) / sizeof(float)) / 16;
  remark(fmt::format("scores computed: {}; all pairs would be {}, {:.1f} times as many", read, all,
                     static_cast<double>(all) / static_cast<double>(std::max<std::int64_t>(read, 1))));
}

TEST_CASE("memory for a window, not for the sequence", "[basic][sliding_window_attention][2pt]") {
  const Window w{.q_len = 1024, .kv_len = 3072, .window = 8};
  const auto in = large_inputs(1, w, 96);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask),
             matches_attention(in, {.visible = w.visible()}));
  CHECK_THAT(evidence(), workspace_at_most(304 << 10,
                                           "the scores of one head's windows are 32 KiB, and matmul may want 256 KiB; "
                                           "one head's full score matrix is 12 MiB, its mask 3 MiB, a copy of the "
                                           "keys for each window 3 MiB"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; all scores of a head would be 12 MiB");
}

TEST_CASE("keys with equal scores count the same, whatever their score is", "[basic][sliding_window_attention][2pt]") {
  const Window w{.q_len = 14, .kv_len = 14, .window = 4, .mask = GENERATE(Mask::causal, Mask::none)};
  const auto in = inputs_of_equal_scores({.heads = 2, .q_len = 14, .kv_len = 14, .head_dim = 4}, kScoresOfAllSizes);
  INFO(kOneScoreEach);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask), attends_to_window(in, w));
}

TEST_CASE("a query that sees one key returns its value, bit by bit", "[basic][sliding_window_attention][1pt]") {
  const Window w{.q_len = 6, .kv_len = 6, .window = 1, .mask = GENERATE(Mask::causal, Mask::none)};
  const auto in = random_inputs(2, 3, w, 8);
  CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, 1, w.mask), are_values(to_double(in.v)));
}

TEST_CASE("a second call knows nothing of the first", "[basic][sliding_window_attention][1pt]") {
  const Window old{.q_len = 9, .kv_len = 9, .window = 5, .mask = Mask::none}, w{.q_len = 9, .kv_len = 9, .window = 3};
  const auto earlier = random_inputs(2, 2, old, 8), in = random_inputs(2, 2, w, 8);
  student<sliding_window_attention>(earlier.q, earlier.k, earlier.v, old.window, old.mask);
  for (int n = 0; n < 2; ++n)
    CHECK_THAT(student<sliding_window_attention>(in.q, in.k, in.v, w.window, w.mask),
               attends_after(earlier, in, {.visible = w.visible()})
                   .but_not([=] { return oracle::attention(in.q, in.k, in.v, {.visible = old.visible()}); },
                            "window and mask are those of the call before"));
  CHECK_THAT(student<sliding_window_attention>(earlier.q, earlier.k, earlier.v, w.window, w.mask),
             attends_after(in, earlier, {.visible = w.visible()}));
}
