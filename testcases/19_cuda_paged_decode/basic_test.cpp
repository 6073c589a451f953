#include "ledger.h"
#include "parts.h"
#include "writes.h"

using namespace workbook;
using namespace workbook::cuda_paged_decode;

TEST_CASE("every sixteenth token begins a page", "[basic][append][3pt]") {
  Ledger ledger(6);
  const int a = ledger.create(), b = ledger.create();
  for (int i = 0; i < 18; ++i) {  // tokens of two sequences come in turn, as in a batch
    ledger.append(a);
    ledger.append(b);
  }
  ledger.append(a, 15);
  ledger.check();
}

TEST_CASE("a used-up pool refuses, and nothing is changed", "[basic][append][2pt]") {
  Ledger ledger(2);
  const int a = ledger.create(), b = ledger.create();
  ledger.append(a, 16);
  ledger.append(b, 3);
  for (int i = 0; i < 2; ++i) {
    ledger.append_in_vain(a);
    ledger.check();
  }
  ledger.append(b, 13);  // its own page still has room
  ledger.append_in_vain(b);
  ledger.check();
}

TEST_CASE("a fork has the same tokens in the same pages", "[basic][fork][2pt]") {
  Ledger ledger(8);
  const int a = ledger.create();
  ledger.append(a, GENERATE(20, 32, 0));
  const int b = ledger.fork(a), c = ledger.fork(b);
  ledger.check();
  CHECK_THAT(b != c && a != c, otherwise("every fork has an id of its own"));
}

TEST_CASE("a shared page is copied before it is written", "[basic][fork][3pt]") {
  Ledger ledger(8);
  const int a = ledger.create();
  ledger.append(a, 21);
  const int b = ledger.fork(a);
  ledger.append(b);  // copies
  ledger.append(b);  // has a page of its own by now
  ledger.append(a);  // and so has a
  ledger.check();
}

TEST_CASE("full pages are shared without a copy", "[basic][fork][1pt]") {
  Ledger ledger(8);
  const int a = ledger.create();
  ledger.append(a, 32);
  const int b = ledger.fork(a);
  ledger.append(a, 2);
  ledger.append(b, 2);
  ledger.check();
}

TEST_CASE("the pages of a freed sequence are used again", "[basic][free][2pt]") {
  Ledger ledger(3);
  const int a = ledger.create(), b = ledger.create();
  ledger.append(a, 30);
  ledger.append(b, 2);
  ledger.free(a);
  ledger.check();
  ledger.append(b, 40);  // needs both of a's pages
  ledger.check();
}

TEST_CASE("a page is free when its last owner has gone", "[basic][free][2pt]") {
  Ledger ledger(5);
  const int a = ledger.create();
  ledger.append(a, 20);
  const int b = ledger.fork(a), c = ledger.fork(a);
  ledger.free(a);
  ledger.check();
  ledger.append(b, 1);  // c still has that page
  ledger.free(b);
  ledger.check();
  ledger.append(c, 1);  // it is c's alone
  ledger.free(c);
  ledger.check();
}

TEST_CASE("keys and values go to their slots", "[basic][write_kv][3pt]") {
  const auto [kv_heads, head_dim] = GENERATE(table<int, int>({{1, 8}, {3, 40}, {2, 136}}));
  check_written(random_writes({37, 5, 63, 16, 17, 31, 32}, 4, kv_heads, head_dim));
}

TEST_CASE("padding is written nowhere", "[basic][write_kv][2pt]") {
  const std::vector<int> slots = GENERATE(std::vector{18, -1, 3, 40}, std::vector{-1, 18, -1, 3, -1, 40});
  check_written(random_writes(slots, 3, 2, 24));
}

TEST_CASE("a token is loaded once and stored once", "[basic][write_kv][1pt]") {
  const Writes w = random_writes({37, 5, -1, 16}, 4, 2, 64);
  check_written(w);
  const double token = 2 * 2 * 64 * 4;
  CHECK_THAT(device(), loads_within(3 * token, 3 * token + 4 * 2 * 4 * kThreads,
                                    "the keys and values of three tokens are loaded once, padding is not, and each "
                                    "thread may read its token's slot"));
  CHECK_THAT(device(), stores_at_most(3 * token, "the keys and values of three tokens are stored once"));
  CHECK_THAT(device(), load_sectors_at_most(1.05, "neighbouring threads load neighbouring channels"));
  CHECK_THAT(device(), launches_once(device(), "keys and values are written by one kernel"));
}

TEST_CASE("one page of one sequence", "[basic][paged_decode][3pt]") {
  const Batch b = random_batch({.lengths = {16}, .heads = 2, .kv_heads = 2});
  CHECK_THAT(paged(b).out, decodes(b));
}

TEST_CASE("the softmax goes on from page to page", "[basic][paged_decode][4pt]") {
  const Batch b = random_batch({.lengths = {64, 32}, .heads = 2, .kv_heads = 2, .head_dim = 32, .stddev = 1.5});
  CHECK_THAT(paged(b).out, decodes(b));
}

TEST_CASE("the last page may be full or not", "[basic][paged_decode][4pt]") {
  const Batch b = random_batch({.lengths = {1, 15, 16, 17, 100}, .heads = 2, .kv_heads = 1, .head_dim = 32});
  CHECK_THAT(paged(b).out, decodes(b));
}

TEST_CASE("the heads of a group share a KV head", "[basic][paged_decode][3pt]") {
  const auto [heads, kv_heads] = GENERATE(table<int, int>({{4, 4}, {8, 2}, {7, 1}, {12, 3}}));
  const Batch b = random_batch({.lengths = {20}, .heads = heads, .kv_heads = kv_heads, .head_dim = 32});
  CHECK_THAT(paged(b).out, decodes(b));
}

TEST_CASE("slots without a token are not read", "[basic][paged_decode][3pt]") {
  const Batch b = random_batch({.lengths = {3, 33, 16}, .heads = 4, .kv_heads = 2, .stale = Stale::nan});
  CHECK_THAT(paged(b).out, decodes(b));
}

TEST_CASE("a sequence may have no tokens yet", "[basic][paged_decode][2pt]") {
  const Batch b = random_batch({.lengths = {0, 18, 0}, .heads = 4, .kv_heads = 2, .stale = Stale::nan});
  check_decoded(paged(b), b);
}

TEST_CASE("head_dim is any multiple of 8 up to 256", "[basic][paged_decode][4pt]") {
  const int head_dim = GENERATE(8, 40, 72, 128, 136, 256);
  const Batch b = random_batch({.lengths = {21}, .heads = 2, .kv_heads = 1, .head_dim = head_dim});
  CHECK_THAT(paged(b).out, decodes(b));
}

TEST_CASE("the log-sum-exp comes with the output", "[basic][paged_decode][2pt]") {
  const Batch b = random_batch({.lengths = {1, 40, 16}, .heads = 6, .kv_heads = 2, .head_dim = 48});
  check_decoded(paged(b), b);
}

TEST_CASE("a group loads its keys and values once", "[basic][paged_decode][ncu][5pt]") {
  const auto [heads, kv_heads] = GENERATE(table<int, int>({{8, 2}, {7, 1}}));
  const Batch b = random_batch({.lengths = {100, 16, 35}, .heads = heads, .kv_heads = kv_heads});
  CHECK_THAT(paged(b).out, decodes(b));
  check_loads(b, 4);
  CHECK_THAT(device(), load_sectors_at_most(1.05,
                                            "eight lanes read 128 bytes of a key that follow each other, and 32 "
                                            "lanes neighbouring channels of a value"));
  CHECK_THAT(device(),
             blocks_at_least(b.batch() * b.kv_heads(), "each KV head of each sequence is a block of its own"));
  CHECK_THAT(device(), launches_once(device(), "scores, softmax and weighted sum are steps of one kernel"));
  remark(fmt::format("{} heads, {} KV heads: loaded {}, keys and values are {}", heads, kv_heads,
                     kib(static_cast<double>(device().loads().bytes)), kib(kv_bytes(b, 4))));
}

TEST_CASE("a cache of float16", "[basic][paged_decode_f16][3pt]") {
  const Batch b = narrowed<float16>(random_batch({.lengths = {17, 40, 0}, .heads = 4, .kv_heads = 2, .head_dim = 72}));
  check_decoded(paged_narrow<float16>(b), b, kRoundoffOf<float16>);
}

TEST_CASE("a cache of bfloat16", "[basic][paged_decode_bf16][3pt]") {
  const Batch b = narrowed<bfloat16>(random_batch({.lengths = {17, 40, 0}, .heads = 4, .kv_heads = 2, .head_dim = 72}));
  check_decoded(paged_narrow<bfloat16>(b), b, kRoundoffOf<bfloat16>);
}

TEST_CASE("as many parts as fit on the GPU at once", "[basic][split_count][2pt]") {
  // One sequence of 100 000 tokens on 132 multiprocessors, and larger batches.
  const int batch = GENERATE(1, 4, 16, 33, 34, 66, 67, 500);
  check_split_count(batch, 8, 100'000, 132);
}

TEST_CASE("no part has fewer pages than it is worth", "[basic][split_count][2pt]") {
  const int length = GENERATE(1, 63, 64, 127, 128, 129, 1000, 4096);
  check_split_count(1, 4, length, 132);
}

TEST_CASE("a part counts by its sum of weights", "[basic][merge_parts][3pt]") {
  const auto [parts, head_dim] = GENERATE(table<int, int>({{2, 64}, {5, 40}, {3, 256}}));
  const Parts p = random_parts(parts, 2, 3, head_dim, false);
  check_merged(merged(p), p);
}

TEST_CASE("an empty part changes nothing", "[basic][merge_parts][2pt]") {
  const Parts p = random_parts(GENERATE(5, 1), 2, 2, 32, true);
  check_merged(merged(p), p);
}

TEST_CASE("each part has its pages", "[basic][paged_decode_split][3pt]") {
  const Batch b = random_batch({.lengths = {100, 33}, .heads = 2, .kv_heads = 1, .head_dim = 32, .stale = Stale::nan});
  const int parts = GENERATE(1, 3);
  const SplitResult got = split(b, parts);
  for (int i = 0; i < parts; ++i) {
    INFO("part " << i << " of " << parts);
    const Result part = part_of(got, i);
    CHECK_THAT(part.out, decodes(b, 0, reading_of_part(parts, i), equal_parts(parts, i)));
    CHECK_THAT(part.lse, has_lse(b, reading_of_part(parts, i)));
  }
}

TEST_CASE("parts that are merged give the whole", "[basic][paged_decode_split][4pt]") {
  const Batch b = random_batch({.lengths = {90, 33, 1}, .heads = 4, .kv_heads = 2, .head_dim = 32, .stddev = 1.5});
  check_decoded(split(b, GENERATE(2, 5)).merged, b);
}

TEST_CASE("splitting loads no key twice", "[basic][paged_decode_split][ncu][merged][3pt]") {
  const Batch b = random_batch({.lengths = {160, 70}, .heads = 8, .kv_heads = 2});
  const int parts = 4;
  CHECK_THAT(split(b, parts).merged.out, decodes(b));
  const double merging = parts * 4. * static_cast<double>(b.batch() * b.heads() * (b.head_dim() + 1));
  check_loads(b, 4, parts, merging);
  CHECK_THAT(device(), blocks_at_least(b.batch() * b.kv_heads() * parts,
                                       "each part of each sequence is a block of its own, for each KV head: splitting "
                                       "is there to have more blocks"));
  CHECK_THAT(device(), launches_at_most(2, "one launch for the parts, one to merge them"));
  remark(fmt::format("{} blocks in place of {}; loaded {}, of which {} for merging", 2 * 2 * parts, 2 * 2,
                     kib(static_cast<double>(device().loads().bytes)), kib(merging)));
}
