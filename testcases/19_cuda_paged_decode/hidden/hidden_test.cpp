#include "../ledger.h"
#include "../parts.h"
#include "../writes.h"

using namespace workbook;
using namespace workbook::cuda_paged_decode;

// Hint: play create, append, fork and free at random against a list of pages that you keep yourself
TEST_CASE("an allocator survives whatever is done to it", "[hidden][append][3pt]") {
  for (int round = 0; round < 3; ++round) {
    Ledger ledger(static_cast<int>(random_integer(3, 9)));
    std::vector<int> ids{ledger.create()};
    for (int step = 0; step < 60; ++step) {
      const auto at = static_cast<std::size_t>(random_integer(0, static_cast<std::int64_t>(ids.size()) - 1));
      const int id = ids[at];
      const std::int64_t what = random_integer(0, 9);
      if (what == 0 && ids.size() > 1) {
        ledger.free(id);
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at));
      } else if (what == 1 && ids.size() < 4) {
        ids.push_back(random_integer(0, 1) ? ledger.fork(id) : ledger.create());
      } else if (ledger.free_pages() > 0) {
        ledger.append(id, static_cast<int>(random_integer(1, kPageTokens)) % (16 - ledger.length(id) % 16) + 1);
      }
    }
    ledger.check();
  }
}

// Hint: let forks of forks write in any order, and free them in any order: does every page come back?
TEST_CASE("no page is lost", "[hidden][free][1pt]") {
  Ledger ledger(12);
  std::vector<int> ids{ledger.create()};
  ledger.append(ids[0], 27);
  for (int i = 0; i < 3; ++i) ids.push_back(ledger.fork(ids[static_cast<std::size_t>(i)]));
  for (const std::size_t i : {2UL, 0UL, 3UL, 1UL}) ledger.append(ids[i], static_cast<int>(3 + i));
  for (const std::size_t i : {1UL, 3UL, 0UL, 2UL}) ledger.free(ids[i]);
  ledger.check();
  CHECK_THAT(student<&PageAllocator::free_pages>(ledger.pool()), is_count(12, "free_pages()"));
}

// Hint: which page, which head, which place? Try odd numbers of KV heads, and head_dim 8 and 200
TEST_CASE("slots drawn at random", "[hidden][write_kv][1pt]") {
  for (int round = 0; round < 4; ++round) {
    std::vector<int> slots;
    for (int slot = static_cast<int>(random_integer(0, 9)); slot < 3 * kPageTokens;
         slot += static_cast<int>(random_integer(1, 9)))
      slots.insert(slots.begin() + static_cast<std::ptrdiff_t>(slots.size() / 2),
                   random_integer(0, 5) == 0 ? -1 : slot);
    check_written(random_writes(slots, 3, random_integer(1, 5), 8 * random_integer(1, 25)));
  }
}

// Hint: try a group of 5, lengths around multiples of 16, and every multiple of 8 for head_dim
TEST_CASE("decoding is right for shapes drawn at random", "[hidden][paged_decode][3pt]") {
  for (int round = 0; round < 8; ++round) {
    const auto kv_heads = static_cast<int>(random_integer(1, 3));
    Sizes s{.heads = kv_heads * static_cast<int>(random_integer(1, 9)),
            .kv_heads = kv_heads,
            .head_dim = 8 * static_cast<int>(random_integer(1, 32)),
            .stale = Stale::nan};
    for (std::int64_t n = random_integer(1, 4); n > 0; --n)
      s.lengths.push_back(static_cast<int>(random_integer(0, 50)));
    s.lengths.push_back(static_cast<int>(random_integer(1, 50)));
    const Batch b = random_batch(s);
    check_decoded(paged(b), b);
  }
}

// Hint: fmaxf passes over NaN: ask the sum, not the maximum, whether there was a key
TEST_CASE("a NaN in the keys reaches the result", "[hidden][paged_decode][1pt]") {
  Batch b = random_batch({.lengths = {20}, .heads = 2, .kv_heads = 1, .head_dim = 16});
  b.cache.at(b.block_table.at(0, GENERATE(0, 1)), 0, 0, 2, 3) = std::nanf("");
  const Result got = paged(b);
  CHECK(std::isnan(got.out.at(0, 1, 5)));
  CHECK(std::isnan(got.lse.at(0, 1)));
}

// Hint: what your float kernel does for a head_dim of 200 and a group of 11, the 16-bit one must do, too
TEST_CASE("a float16 cache of odd shapes", "[hidden][paged_decode_f16][1pt]") {
  const Batch b = narrowed<float16>(
      random_batch({.lengths = {18, 1}, .heads = 11, .kv_heads = 1, .head_dim = 200, .stale = Stale::nan}));
  check_decoded(paged_narrow<float16>(b), b, kRoundoffOf<float16>);
}

// Hint: what your float kernel does for a head_dim of 200 and a group of 11, the 16-bit one must do, too
TEST_CASE("a bfloat16 cache of odd shapes", "[hidden][paged_decode_bf16][1pt]") {
  const Batch b = narrowed<bfloat16>(
      random_batch({.lengths = {18, 1}, .heads = 11, .kv_heads = 1, .head_dim = 200, .stale = Stale::nan}));
  check_decoded(paged_narrow<bfloat16>(b), b, kRoundoffOf<bfloat16>);
}

// Hint: write down the two limits, and which of them is the smaller one
TEST_CASE("any number of blocks and pages", "[hidden][split_count][1pt]") {
  for (int i = 0; i < 30; ++i)
    check_split_count(static_cast<int>(random_integer(1, 40)), static_cast<int>(random_integer(1, 16)),
                      static_cast<int>(random_integer(1, 20'000)), static_cast<int>(random_integer(1, 200)));
}

// Hint: try parts of very different log-sum-exps, and one part alone
TEST_CASE("parts drawn at random", "[hidden][merge_parts][1pt]") {
  for (int i = 0; i < 5; ++i) {
    const Parts p = random_parts(random_integer(1, 40), random_integer(1, 2), random_integer(1, 3),
                                 8 * random_integer(1, 32), i % 2 == 0, static_cast<float>(random_integer(-50, 50)));
    check_merged(merged(p), p);
  }
}

// Hint: each sequence is divided by its own number of pages, whatever the longest one has
TEST_CASE("parts of sequences drawn at random", "[hidden][paged_decode_split][2pt]") {
  for (int i = 0; i < 5; ++i) {
    const Batch b = random_batch({.lengths = {static_cast<int>(random_integer(1, 130)), 17, 0},
                                  .heads = 4,
                                  .kv_heads = 2,
                                  .head_dim = 8 * static_cast<int>(random_integer(1, 9)),
                                  .stale = Stale::nan});
    check_decoded(split(b, random_integer(1, 12)).merged, b);
  }
}
