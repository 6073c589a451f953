#include "common/checker/attention/exact_inputs.h"
#include "ledger.h"
#include "parts.h"
#include "writes.h"

using namespace workbook;
using namespace workbook::cuda_paged_decode;

namespace {

/// A batch whose scores are whole numbers times 1 / 8, and so exact: only the softmax rounds.
Batch with_whole_numbers(Sizes s) {
  s.head_dim = 64;
  Batch b = random_batch(s);
  for (Tensor* x : {&b.q, &b.cache})
    for (float& value : x->values()) value = std::nearbyint(value);
  return b;
}

/// A batch in which every key has this score with every query.
Batch with_score(Sizes s, float score) {
  Batch b = random_batch(s);
  std::ranges::fill(b.q.values(), 0.f);
  for (std::int64_t row = 0; row < b.batch() * b.heads(); ++row)
    b.q.values()[row * b.head_dim()] = std::sqrt(static_cast<float>(b.head_dim())) * score;
  for (std::int64_t page = 0; page < b.cache.dim(0); ++page)
    for (std::int64_t h = 0; h < b.kv_heads(); ++h)
      for (std::int64_t j = 0; j < kPageTokens; ++j) b.cache.at(page, 0, h, j, 0) = 1;
  return b;
}

/// The value of the one token of each sequence, for each query head.
Tensor only_values(const Batch& b) {
  Tensor values(b.q.shape());
  for (std::int64_t n = 0; n < b.batch(); ++n)
    for (std::int64_t h = 0; h < b.heads(); ++h)
      std::ranges::copy(b.cache.row(b.block_table.at(n, 0), 1, h / b.n_rep(), 0), values.row(n, h).begin());
  return values;
}

}  // namespace

TEST_CASE("only one of several forks takes the page with it", "[advanced][append][2pt]") {
  Ledger ledger(7);
  const int a = ledger.create();
  ledger.append(a, 5);
  const int b = ledger.fork(a), c = ledger.fork(a);
  ledger.append(b);
  ledger.append(a);
  ledger.append(c);  // nobody else has the page any more
  ledger.check();
  ledger.append(a, 30);
  ledger.check();
}

TEST_CASE("a copy needs a free page, too", "[advanced][append][2pt]") {
  Ledger ledger(2);
  const int a = ledger.create();
  ledger.append(a, 18);
  const int b = ledger.fork(a);
  ledger.append_in_vain(b);
  ledger.append_in_vain(a);
  ledger.check();
  ledger.free(a);
  ledger.append(b, 3);  // the page is its own now
  ledger.check();
}

TEST_CASE("a sequence that is not there is refused", "[advanced][append][1pt]") {
  Ledger ledger(2);
  ledger.append(ledger.create());
  CHECK_THAT([&] { student<&PageAllocator::append>(ledger.pool(), 7); }, is_refused("there is no sequence 7", 7, 7));
  CHECK_THAT([&] { student<&PageAllocator::append>(ledger.pool(), -1); },
             is_refused("there is no sequence -1", -1, -1));
  ledger.check();
}

TEST_CASE("a sequence that is not there cannot be forked", "[advanced][fork][1pt]") {
  Ledger ledger(2);
  const int a = ledger.create();
  ledger.append(a);
  CHECK_THAT([&] { student<&PageAllocator::fork>(ledger.pool(), a + 5); },
             is_refused("there is no such sequence", a + 5, a + 5));
  ledger.check();
  const int b = ledger.fork(a);
  CHECK_THAT(ledger.create() != b, otherwise("create() returned the id of a fork: every id is given once"));
}

TEST_CASE("a sequence ends once", "[advanced][free][1pt]") {
  Ledger ledger(3);
  const int a = ledger.create();
  ledger.append(a, 17);
  const int b = ledger.fork(a);
  ledger.free(a);
  CHECK_THAT([&] { student<&PageAllocator::free>(ledger.pool(), a); }, is_refused("the sequence was freed", a, a));
  ledger.check();
  ledger.append(b, 2);
  ledger.check();
}

TEST_CASE("many tokens in one call", "[advanced][write_kv][1pt]") {
  std::vector<int> slots;
  for (int i = 0; i < 5 * kPageTokens; ++i) slots.push_back(i % 7 == 3 ? -1 : 5 * kPageTokens - 1 - i);
  check_written(random_writes(slots, 6, 2, 56));
}

TEST_CASE("the error of a refused launch is thrown by write_kv", "[advanced][write_kv][1pt]") {
  const Writes w = random_writes({3}, 1, 1, 8);
  Tensor cache = w.cache;
  CHECK_THAT([&] { student<write_kv>(w.k, w.v, w.slots, cache, {}); }, throws_if_launch_is_refused());
}

TEST_CASE("sequences may share the pages of a prefix", "[advanced][paged_decode][1pt]") {
  Batch b = random_batch({.lengths = {40, 36, 33}, .heads = 4, .kv_heads = 2, .stale = Stale::nan});
  for (std::int64_t n = 1; n < 3; ++n)
    for (std::int64_t i = 0; i < 2; ++i) b.block_table.at(n, i) = b.block_table.at(0, i);
  CHECK_THAT(paged(b).out, decodes(b));
}

TEST_CASE("what was appended, forked and written is what is decoded", "[advanced][paged_decode][3pt]") {
  constexpr int kHeads = 4, kKvHeads = 2, kHeadDim = 32, kPages = 9;
  Ledger ledger(kPages);
  Batch b{random_normal({2, kHeads, kHeadDim}), Tensor({kPages, 2, kKvHeads, kPageTokens, kHeadDim}, std::nanf("")),
          TensorOf<std::int32_t>({2, 4}, -1), TensorOf<std::int32_t>({2})};
  const auto write = [&](const std::vector<int>& slots) {
    const Writes w = random_writes(slots, 1, kKvHeads, kHeadDim);
    student<write_kv>(w.k, w.v, w.slots, b.cache, {});
  };
  const int prompt = ledger.create();
  std::vector<int> slots;
  for (int i = 0; i < 21; ++i) slots.push_back(ledger.append(prompt).slot);
  write(slots);
  const int fork = ledger.fork(prompt);
  for (int i = 0; i < 3; ++i) {
    slots.clear();
    for (const int id : {fork, prompt}) {
      const Place place = ledger.append(id);
      if (place.copy_from >= 0)
        for (int kv = 0; kv < 2; ++kv)
          for (int h = 0; h < kKvHeads; ++h)
            for (int j = 0; j < kPageTokens; ++j)
              std::ranges::copy(b.cache.row(place.copy_from, kv, h, j), b.cache.row(place.copy_to, kv, h, j).begin());
      slots.push_back(place.slot);
    }
    write(slots);
  }
  for (int n = 0; n < 2; ++n) {
    const int id = n == 0 ? prompt : fork;
    b.lengths.at(n) = ledger.length(id);
    std::ranges::copy(ledger.pages(id), b.block_table.row(n).begin());
  }
  check_decoded(paged(b), b);
}

TEST_CASE("scores may have any size", "[advanced][paged_decode][2pt]") {
  const Batch b = with_whole_numbers({.lengths = {50}, .heads = 4, .kv_heads = 2, .stddev = GENERATE(6.f, 25.f)});
  check_decoded(paged(b), b);
}

TEST_CASE("scores far from 0 keep their weights", "[advanced][paged_decode][2pt]") {
  const Batch b = with_score({.lengths = {20, 3}, .heads = 2, .kv_heads = 1, .head_dim = 16},
                             GENERATE(-300.f, -3e4f, -1e32f, 1e32f));
  const Result got = paged(b);
  CHECK_THAT(got.out, decodes(b));
  CHECK_THAT(got.lse, has_lse(b));
}

TEST_CASE("a single key of score 0 gives its value", "[advanced][paged_decode][1pt]") {
  Batch b = random_batch({.lengths = {1, 1}, .heads = 4, .kv_heads = 2, .head_dim = 40});
  std::ranges::fill(b.q.values(), 0.f);
  const Result got = paged(b);
  CHECK_THAT(got.out, attention_tests::are_values(to_double(only_values(b))));
  CHECK_THAT(got.lse, matches(Tensor(got.lse.shape()), {0, 0, "a score of 0, and log(1) is 0"}));
}

TEST_CASE("up to 16 heads share a KV head, and head_dim is what is allowed", "[advanced][paged_decode][2pt]") {
  const Batch b = random_batch({.lengths = {19}, .heads = 16, .kv_heads = 1, .head_dim = 256});
  CHECK_THAT(paged(b).out, decodes(b));
  const auto refused = [](int heads, int head_dim) {
    const Batch wrong = random_batch({.lengths = {5}, .heads = heads, .kv_heads = 1, .head_dim = head_dim});
    return [wrong] { paged(wrong); };
  };
  CHECK_THAT(refused(2, 36), is_refused("head_dim is a multiple of 8 up to 256", 36, 256));
  CHECK_THAT(refused(2, 264), is_refused("head_dim is a multiple of 8 up to 256", 264, 256));
  CHECK_THAT(refused(17, 64), is_refused("at most 16 query heads share a KV head", 17, 16));
}

TEST_CASE("one grid for a batch, no memory, and nobody waits", "[advanced][paged_decode][2pt]") {
  const Batch b = random_batch({.lengths = {36, 2}, .heads = 6, .kv_heads = 3, .head_dim = 16});
  CHECK_THAT(paged(b).out, decodes(b));
  CHECK_THAT(device(), launches_once(device(), "scores, softmax and weighted sum are steps of one kernel"));
  CHECK_THAT(device(), device_memory_at_most(0, "scores and weights live in shared memory, one page at a time"));
  CHECK_THAT(device(), nobody_waits());
  CHECK_THAT(device(), blocks_of(kThreads));
  CHECK_THAT([&] { paged(b); }, throws_if_launch_is_refused());
}

TEST_CASE("a call knows nothing of the call before", "[advanced][paged_decode][1pt]") {
  const Sizes sizes{.lengths = {20, 40}, .heads = 4, .kv_heads = 2, .head_dim = 32};
  for (int i = 0; i < 2; ++i) {
    const Batch b = random_batch(sizes);
    CHECK_THAT(paged(b).out, decodes(b));
  }
}

TEST_CASE("float16 is what is loaded, once for a group", "[advanced][paged_decode_f16][2pt]") {
  const Batch b = narrowed<float16>(random_batch({.lengths = {37}, .heads = 8, .kv_heads = 2, .head_dim = 128}));
  check_decoded(paged_narrow<float16>(b), b, kRoundoffOf<float16>);
  check_loads(b, 2);
  CHECK_THAT(device(), load_sectors_at_most(1.05, "eight lanes read 128 bytes of a key that follow each other"));
}

TEST_CASE("sums and scores are float where the cache is float16", "[advanced][paged_decode_f16][2pt]") {
  // A float16 ends at 65504. These scores are up to some hundred thousand before they are scaled; and 100 equal weights
  // of 1, times values of 1200, add up to 120000 before they are divided.
  const bool large_scores = GENERATE(true, false);
  Batch b = with_whole_numbers({.lengths = {100}, .heads = 2, .kv_heads = 1, .stddev = large_scores ? 100.f : 1.f});
  if (!large_scores) {
    std::ranges::fill(b.q.values(), 0.f);
    for (float& x : b.cache.values()) x = 1200 + x;
  }
  const Batch narrow = narrowed<float16>(b);
  check_decoded(paged_narrow<float16>(narrow), narrow, kRoundoffOf<float16>);
}

TEST_CASE("bfloat16 is what is loaded, once for a group", "[advanced][paged_decode_bf16][2pt]") {
  const Batch b = narrowed<bfloat16>(random_batch({.lengths = {37}, .heads = 8, .kv_heads = 2, .head_dim = 128}));
  check_decoded(paged_narrow<bfloat16>(b), b, kRoundoffOf<bfloat16>);
  check_loads(b, 2);
}

TEST_CASE("float16 rows of other sizes are refused", "[advanced][paged_decode_f16][1pt]") {
  const Batch b = random_batch({.lengths = {5}, .heads = 2, .kv_heads = 1, .head_dim = 44});
  CHECK_THAT([&] { paged_narrow<float16>(b); }, is_refused("head_dim is a multiple of 8 up to 256", 44, 256));
}

TEST_CASE("bfloat16 rows of other sizes are refused", "[advanced][paged_decode_bf16][1pt]") {
  const Batch b = random_batch({.lengths = {5}, .heads = 2, .kv_heads = 1, .head_dim = 44});
  CHECK_THAT([&] { paged_narrow<bfloat16>(b); }, is_refused("head_dim is a multiple of 8 up to 256", 44, 256));
}

TEST_CASE("split_count is exact for large numbers", "[advanced][split_count][1pt]") {
  check_split_count(65'535, 65'535, 1'000'000, 132);
  check_split_count(1, 1, 2'147'483'647, 2'147'483'647);
  check_split_count(60'000, 60'000, 2'147'483'647, 2'000'000'000);
}

TEST_CASE("log-sum-exps may have any size", "[advanced][merge_parts][2pt]") {
  const Parts p = random_parts(6, 1, 3, 24, GENERATE(true, false), GENERATE(-300.f, 300.f, 1e4f, -1e30f));
  check_merged(merged(p), p);
}

TEST_CASE("where every part is empty, so is the whole", "[advanced][merge_parts][1pt]") {
  Parts p = random_parts(4, 2, 2, 16, false);
  for (std::int64_t i = 0; i < 4; ++i) {
    p.lse.at(i, 1, 0) = -kInfinity;
    std::ranges::fill(p.out.row(i, 1, 0), 0.f);
  }
  check_merged(merged(p), p);
}

TEST_CASE("up to 128 parts are merged, each loaded once", "[advanced][merge_parts][2pt]") {
  const Parts p = random_parts(128, 1, 2, 64, true);
  check_merged(merged(p), p);
  const double bytes = 4. * static_cast<double>(p.out.size()), lse = 4. * static_cast<double>(p.lse.size());
  CHECK_THAT(device(), loads_within(bytes, 1.02 * (bytes + lse),
                                    "each part's output once, and its log-sum-exp once for all channels: keep them in "
                                    "shared memory"));
  CHECK_THAT(device(), launches_once(device(), "one kernel merges all parts"));
  CHECK_THAT([&] { merged(p); }, throws_if_launch_is_refused());
}

TEST_CASE("there may be more parts than pages", "[advanced][paged_decode_split][2pt]") {
  const Batch b = random_batch({.lengths = {40, 0, 5}, .heads = 2, .kv_heads = 1, .head_dim = 32, .stale = Stale::nan});
  const SplitResult got = split(b, 9);
  check_decoded(got.merged, b);
  for (const int i : {0, 2, 8}) {
    INFO("part " << i << " of 9");
    CHECK_THAT(part_of(got, i).lse, has_lse(b, reading_of_part(9, i)));
    CHECK_THAT(part_of(got, i).out, decodes(b, 0, reading_of_part(9, i), equal_parts(9, i)));
  }
}

TEST_CASE("more than 128 parts are refused", "[advanced][paged_decode_split][1pt]") {
  const Batch b = random_batch({.lengths = {5}, .heads = 2, .kv_heads = 1, .head_dim = 8});
  CHECK_THAT([&] { split(b, 129); }, is_refused("there are at most 128 parts", 129, 128));
}

TEST_CASE("both launches are checked, and nobody waits between them", "[advanced][paged_decode_split][2pt]") {
  const Batch b = random_batch({.lengths = {50}, .heads = 2, .kv_heads = 1, .head_dim = 16});
  CHECK_THAT(split(b, 3).merged.out, decodes(b));
  CHECK_THAT(device(), nobody_waits());
  CHECK_THAT(device(), device_memory_at_most(0, "part_out and part_lse are there for what the parts give"));
  CHECK_THAT([&] { split(b, 3); }, throws_if_launch_is_refused(1));
  CHECK_THAT([&] { split(b, 3); }, throws_if_launch_is_refused(2));
}
