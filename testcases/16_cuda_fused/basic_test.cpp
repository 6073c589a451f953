#include "common/checker/launches.h"
#include "fused.h"

using namespace workbook;
using namespace workbook::cuda_fused;

namespace {

/// What traffic should say, and what people count in its place.
void check_traffic(const Problem& p) {
  const Traffic got = student<traffic>(p), right = expected_traffic(p);
  const std::int64_t row = std::int64_t{4} * p.head_dim, queries = row * p.batch * p.heads * p.q_len;
  Problem unmasked = p, shared = p;
  unmasked.mask = Mask::none;
  shared.heads = p.kv_heads;
  const std::int64_t keys = right.loaded - queries;
  const bool causal = p.mask == Mask::causal;
  const std::int64_t blind = causal ? std::max(0, p.q_len - p.kv_len) : 0, seeing = p.q_len - blind;
  const auto with_pairs = [&](std::int64_t n) { return queries + 2 * row * p.batch * p.heads * n; };
  std::int64_t at_start = 0;  // keys, if query i saw keys 0 to i
  for (int i = 0; i < p.q_len; ++i) at_start += std::min(i + 1, p.kv_len);
  CHECK_THAT(
      got.loaded,
      is_count(right.loaded)
          .but_not(expected_traffic(unmasked).loaded,
                   "the mask is ignored: a key that the query does not see is not loaded")
          .but_not(keys, "the query itself is missing")
          .but_not(queries + keys / 2, "half of it: a key and its value are loaded")
          .but_not(right.loaded / 4, "these are floats; a float has 4 bytes")
          .but_not(causal ? with_pairs(pairs(p) - blind * (blind - 1) / 2) : right.loaded,
                   "queries that see no key are counted with a negative number of keys: it is at least 0")
          .but_not(causal ? with_pairs(pairs(p) + blind) : right.loaded, "a query that sees no key loads none, not one")
          .but_not(causal ? with_pairs(pairs(p) - seeing) : right.loaded,
                   "one key too few for each query: it sees the key at its own position, too")
          .but_not(causal ? with_pairs(std::int64_t{p.q_len} * p.kv_len / 2) : right.loaded,
                   "this is half of all pairs: a query sees i + 1 + (kv_len - q_len) keys, the one at its own "
                   "position among them")
          .but_not(causal ? with_pairs(at_start) : right.loaded,
                   "the causal mask is aligned at the start: query i sees i + 1 + (kv_len - q_len) keys")
          .but_not(queries + row * 2 * p.batch * p.kv_heads * p.kv_len,
                   "keys and values are counted once. Every block loads them again: blocks share nothing")
          .but_not(queries + row * 2 * p.batch * p.heads * p.kv_len,
                   "keys and values are counted once. Every block loads them again: blocks share nothing")
          .but_not(queries + expected_traffic(shared).loaded - row * p.batch * p.kv_heads * p.q_len,
                   "keys are counted once per KV head. Every query head has blocks of its own"));
  CHECK_THAT(got.stored, is_count(right.stored)
                             .but_not(right.stored + std::int64_t{4} * p.batch * p.heads * p.q_len,
                                      "one float more for each query: nothing is stored but the output")
                             .but_not(right.stored + std::int64_t{4} * p.batch * p.heads * pairs(p),
                                      "scores are counted: they stay in shared memory")
                             .but_not(right.stored / 4, "these are floats; a float has 4 bytes"));
}

}  // namespace

TEST_CASE("a block loads its query, and all that it sees", "[basic][traffic][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{256, 256}, {5, 9}, {3, 70}}));
  check_traffic({.batch = 2, .heads = 6, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 56});
}

TEST_CASE("what a mask hides is not loaded", "[basic][traffic][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{64, 80}, {5, 9}, {9, 5}}));
  check_traffic({.heads = 6, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 80, .mask = Mask::causal});
}

TEST_CASE("the scores of one query", "[basic][query_scores][3pt]") { check_scores(random_row(100, 64, false), 0.125f); }

TEST_CASE("any number of keys, any head_dim", "[basic][query_scores][2pt]") {
  const auto [keys, head_dim] = GENERATE(table<int, int>(
      {{1, 7}, {33, 56}, {130, 33}, {5, 256}, {17, 80}, {3, 1}, {1100, 40}, {9, 161}, {12, 192}, {7, 255}}));
  check_scores(random_row(keys, head_dim, false), 0.7f);
}

TEST_CASE("any scale", "[basic][query_scores][1pt]") {
  check_scores(random_row(20, 48, false), GENERATE(3.f, -0.3f, 0.f));
}

TEST_CASE("keys are read in whole sectors", "[basic][query_scores][3pt]") {
  const int head_dim = GENERATE(64, 128);
  check_scores(random_row(256, head_dim, false), 0.125f);
  check_sectors(1.3, "Let eight lanes share a key, and read neighbouring pieces of its row");
  const double once = 4.0 * 257 * head_dim;
  CHECK_THAT(device(), loads_within(once, 1.05 * once, "the query and every key once"));
  const GlobalTraffic loads = device().loads();
  remark(fmt::format("head_dim {}: {} loaded, in sectors {}", head_dim, size(double(loads.bytes)),
                     size(32.0 * double(loads.sectors))));
}

TEST_CASE("the weighted values of one query", "[basic][weighted_values][3pt]") {
  check_values(random_row(100, 64, true));
}

TEST_CASE("any number of weights, any head_dim", "[basic][weighted_values][2pt]") {
  const auto [keys, head_dim] = GENERATE(
      table<int, int>({{1, 7}, {33, 56}, {130, 33}, {5, 256}, {3, 200}, {2, 1}, {1100, 40}, {9, 161}, {7, 255}}));
  check_values(random_row(keys, head_dim, true));
}

TEST_CASE("values are read in whole sectors", "[basic][weighted_values][2pt]") {
  const int head_dim = GENERATE(64, 128);
  check_values(random_row(256, head_dim, true));
  check_sectors(1.3, "Let lanes have neighbouring channels of one row");
}

TEST_CASE("one launch gives the attention of the definition", "[basic][fused_attention][4pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 2, .kv_heads = 2, .q_len = 3, .kv_len = 100, .head_dim = 32}, 2);
  CHECK_THAT(fused(in, Mask::none), fused_output(in, Mask::none));
}

TEST_CASE("neighbouring heads share keys and values", "[basic][fused_attention][2pt]") {
  const auto [batch, heads] = GENERATE(table<int, int>({{2, 6}, {1, 42}}));
  const auto in =
      random_inputs({.batch = batch, .heads = heads, .kv_heads = 2, .q_len = 2, .kv_len = 20, .head_dim = 16});
  CHECK_THAT(fused(in, Mask::none), fused_output(in, Mask::none));
}

TEST_CASE("a query sees no later key", "[basic][fused_attention][3pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{20, 20}, {5, 33}, {1, 50}}));
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len, .head_dim = 24}, 2);
  CHECK_THAT(fused(in, Mask::causal), fused_output(in, Mask::causal));
}

TEST_CASE("any head_dim up to 256", "[basic][fused_attention][2pt]") {
  const int head_dim = GENERATE(56, 80, 128, 256, 33, 7, 1, 161, 192, 255);
  const auto in = random_inputs({.heads = 2, .kv_heads = 2, .q_len = 2, .kv_len = 19, .head_dim = head_dim});
  CHECK_THAT(fused(in, Mask::causal), fused_output(in, Mask::causal));
}

TEST_CASE("one launch, and no score leaves the chip", "[basic][fused_attention][3pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 2, .kv_heads = 1, .q_len = 10, .kv_len = 150, .head_dim = 32});
  CHECK_THAT(fused(in, Mask::none), fused_output(in, Mask::none));
  CHECK_THAT(device(), launches_once(device(),
                                     "scores, softmax and weighted sum are steps of one kernel: what lies between two "
                                     "launches has to go through global memory"));
  CHECK_THAT(device(),
             device_memory_at_most(0,
                                   "a row of scores lives in shared memory; the score matrix of this call would "
                                   "be 23.4 KiB"));
  CHECK_THAT(device(), stores_at_most(double(expected_traffic(problem_of<Problem>(in, Mask::none)).stored),
                                      "the output, and nothing else"));
  remark(fmt::format("launches {}, device memory {}, stored {}", device().launches.size(),
                     size(double(device().peak_bytes)), size(double(device().stores().bytes))));
}

TEST_CASE("everything is read again for every query", "[basic][fused_attention][ncu][merged][2pt]") {
  const auto in = random_inputs({.q_len = 64, .kv_len = 64, .head_dim = 64});
  CHECK_THAT(fused(in, Mask::none), fused_output(in, Mask::none));
  const double loaded = static_cast<double>(device().loads().bytes),
               cold = 32 * static_cast<double>(device().loads().cold_sectors);
  CHECK_THAT(device(),
             loads_within(bytes_of(in), 1.05 * double(expected_traffic(problem_of<Problem>(in, Mask::none)).loaded),
                          "a block loads its query, each key and each value once. What several steps need is "
                          "kept in shared memory"));
  remark(fmt::format("loaded {}, of {} that there are: {:.0f} times", size(loaded), size(cold), loaded / cold));
}
