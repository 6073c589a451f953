#include "gates.h"

using namespace workbook;
using namespace workbook::cuda_flash;

namespace {

/// Keys that query `last` sees.
std::int64_t masked_by(const Problem& p, std::int64_t last) {
  return p.mask == Mask::none ? p.kv_len : std::max<std::int64_t>(last + 1 + p.kv_len - p.q_len, 0);
}

/// kv_bytes of this problem, and what people count in its place.
ExactCount loads_keys(const Problem& p) {
  const auto with = changes_of(p, expected_kv_bytes);
  const std::int64_t right = expected_kv_bytes(p), blocks = (p.q_len + kTile - 1) / kTile;
  std::int64_t keys = 0;  // of all queries
  for (int i = 0; i < p.q_len; ++i)
    keys += p.mask == Mask::none ? p.kv_len : std::clamp(i + 1 + p.kv_len - p.q_len, 0, p.kv_len);
  const auto causal = [&](auto keys_of) {  // what else people count under a causal mask
    return p.mask == Mask::none ? right : bytes_of_keys(p, keys_of_blocks(p, keys_of));
  };
  const std::int64_t kv_len = p.kv_len, shift = p.kv_len - p.q_len;
  Problem masked = p;
  masked.mask = Mask::causal;
  const auto whole = [](std::int64_t keys) { return (keys + kTile - 1) / kTile * kTile; };
  return is_count(right)
      .but_not(bytes_of_keys(p, keys_of_blocks(p, [&](auto, std::int64_t last) { return whole(masked_by(p, last)); })),
               "whole tiles of keys were counted: of the last one only the keys that are seen are loaded")
      .but_not(expected_kv_bytes(masked), "a causal mask is counted, whatever `mask` says: it was Mask::none")
      .but_not(causal([=](std::int64_t first, auto) { return std::clamp<std::int64_t>(first + 1 + shift, 0, kv_len); }),
               "this is what the first query of each block sees: the last one sees most")
      .but_not(causal([=](auto, std::int64_t last) { return last + 1 + shift; }),
               "blocks that see no key are counted with a negative number of keys: it is at least 0")
      .but_not(causal([=](auto, std::int64_t last) { return std::clamp<std::int64_t>(last + shift, 0, kv_len); }),
               "one key too few for each block: its last query sees the key at its own position, too")
      .but_not(causal([=](auto, std::int64_t last) { return std::min<std::int64_t>(last + 1, kv_len); }),
               "the causal mask is aligned at the start: query i sees i + 1 + (kv_len - q_len) keys")
      .but_not(causal([=](auto, std::int64_t last) {
                 return std::clamp<std::int64_t>((last + kTile + shift) / kTile * kTile, 0, kv_len);
               }),
               "the last tile of a block's keys is counted as a whole: keys that no query of the block sees are not "
               "loaded")
      .but_not(right + std::int64_t{4} * p.batch * p.heads * p.q_len * p.head_dim,
               "the queries are counted, too: these are the bytes of keys and values")
      .but_not(with([](Problem& x) { x.mask = Mask::none; }),
               "the mask is ignored: a block ends behind the last key that one of its queries sees")
      .but_not(right / 2, "half of it: a key and its value are loaded")
      .but_not(right / 4, "these are floats; a float has 4 bytes")
      .but_not(
          with([](Problem& x) { x.heads = x.kv_heads; }),
          "keys are counted once per KV head. Every query head has blocks of its own, and each of them loads its keys")
      .but_not(with([](Problem& x) { x.q_len = x.q_len / kTile * kTile; }),
               "the last block, which has fewer queries, is not counted: it loads all its keys, too")
      .but_not(p.q_len * right / (kTile * blocks),
               "a block with fewer queries does not load fewer keys: round up the number of blocks")
      .but_not(8 * keys * p.batch * p.heads * p.head_dim,
               "this is a block for each query, lesson 16. A block loads a key once for all of its 32 queries");
}

}  // namespace

TEST_CASE("a block loads a key once for 32 queries", "[basic][kv_bytes][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{256, 256}, {33, 70}, {5, 9}}));
  const Problem problem{.batch = 2, .heads = 6, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 56};
  CHECK_THAT(student<kv_bytes>(problem), loads_keys(problem));
}

TEST_CASE("a causal block ends behind its last query's last key", "[basic][kv_bytes][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{256, 256}, {100, 100}, {40, 130}, {90, 40}}));
  const Problem problem{
      .heads = 6, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 80, .mask = Mask::causal};
  CHECK_THAT(student<kv_bytes>(problem), loads_keys(problem));
}

TEST_CASE("eight rows of a tile begin in eight groups of banks", "[basic][tile_pitch][3pt]") {
  const int head_dim = GENERATE(96, 56, 80, 128, 252, 256, 60, 33, 7, 1);
  const int pitch = student<tile_pitch>(head_dim), needed = (head_dim + 3) / 4;
  INFO("head_dim " << head_dim << ": pitch " << pitch);
  CHECK_THAT(
      pitch,
      matches(needed | 1, counted())
          .but_not([=] { return needed; },
                   "with an even number of float4s between rows, rows 0 and 4 begin in the same group of "
                   "banks, and with a multiple of 8 all of them do: pitch and 8 must have no common factor")
          .but_not([=] { return needed + 1; },
                   "one more is not always right: if the number was odd, it is even now, and two rows of "
                   "eight begin in the same group of banks")
          .but_not([=] { return (needed + 1) | 1; },
                   "one float4 more would be odd, too: if as many as a row needs is odd, there is no gap")
          .but_not([=] { return (needed | 1) + 2; }, "two float4s less would do: at most one more than a row needs")
          .but_not([=] { return head_dim / 4 | 1; },
                   "the last float4 of a row, which is there in part, does not fit: round up")
          .but_not([=] { return 65; }, "this is the pitch for head_dim 256, whatever head_dim is")
          .but_not([=] { return 4 * (needed | 1); }, "these are floats: a pitch is counted in float4s")
          .but_not([=] { return head_dim | 1; }, "these are floats: a pitch is counted in float4s")
          .but_not([=] { return head_dim + 1; }, "these are floats: a pitch is counted in float4s")
          .but_not([=] { return head_dim; }, "these are floats: a pitch is counted in float4s"));
}

TEST_CASE("a tile of scores", "[basic][tile_scores][3pt]") {
  const auto in = random_inputs({.q_len = kTile, .kv_len = kTile, .head_dim = 64});
  check_scores(in);
}

TEST_CASE("tiles with fewer rows, and any head_dim", "[basic][tile_scores][3pt]") {
  const auto [queries, keys] = GENERATE(table<int, int>({{32, 5}, {1, 32}, {17, 9}}));
  const auto in = random_inputs({.q_len = queries, .kv_len = keys, .head_dim = GENERATE(56, 33, 7, 2, 161, 255)});
  check_scores(in);
}

TEST_CASE("any scale", "[basic][tile_scores][1pt]") {
  check_scores(random_inputs({.q_len = 9, .kv_len = 12, .head_dim = 48}), GENERATE(3.f, -0.3f, 0.f));
}

TEST_CASE("a tile is read without bank conflicts", "[basic][tile_scores][ncu][2pt]") {
  const auto in = random_inputs({.q_len = kTile, .kv_len = kTile, .head_dim = GENERATE(64, 128)});
  check_scores(in);
  check_banks(1.0);
  const auto shared = device().shared();
  remark(fmt::format("head_dim {}: {} passes over shared memory, {} would do", in.q.dim(3), shared.wavefronts,
                     shared.ideal));
}

TEST_CASE("a tile is loaded in whole sectors", "[basic][tile_scores][1pt]") {
  const auto in = random_inputs({.q_len = kTile, .kv_len = kTile, .head_dim = GENERATE(64, 80)});
  check_scores(in);
  const double bytes = 4.0 * static_cast<double>(in.q.size() + in.k.size());
  CHECK_THAT(device(), loads_within(bytes, bytes, "every element of both tiles once"));
  check_sectors(1.3);
}

TEST_CASE("one tile of queries meets one tile of keys", "[basic][flash_attention][3pt]") {
  // Two queries fewer than keys, so that a causal mask at the start is another one than at the end.
  const auto in = random_inputs({.q_len = kTile - 2, .kv_len = kTile, .head_dim = 64}, 2);
  CHECK_THAT(flash(in, Mask::none).output, flash_output(in, Mask::none));
}

TEST_CASE("the softmax goes on from tile to tile", "[basic][flash_attention][4pt]") {
  const auto in = random_inputs({.batch = 2, .q_len = 40, .kv_len = 160, .head_dim = 64}, 2);
  CHECK_THAT(flash(in, Mask::none).output, flash_output(in, Mask::none));
}

TEST_CASE("tiles need not divide the lengths", "[basic][flash_attention][3pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{1, 1}, {33, 70}, {45, 31}, {70, 33}, {3, 100}}));
  const auto in = random_inputs({.heads = 2, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 32}, 2);
  CHECK_THAT(flash(in, Mask::none).output, flash_output(in, Mask::none));
}

TEST_CASE("a causal mask cuts through tiles", "[basic][flash_attention][4pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{96, 96}, {40, 67}, {1, 50}, {33, 60}}));
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len, .head_dim = 32}, 2);
  CHECK_THAT(flash(in, Mask::causal).output, flash_output(in, Mask::causal));
}

TEST_CASE("neighbouring heads share keys and values", "[basic][flash_attention][2pt]") {
  const auto [batch, heads] = GENERATE(table<int, int>({{2, 6}, {1, 38}}));
  const auto in =
      random_inputs({.batch = batch, .heads = heads, .kv_heads = 2, .q_len = 20, .kv_len = 30, .head_dim = 16});
  CHECK_THAT(flash(in, Mask::none).output, flash_output(in, Mask::none));
}

TEST_CASE("any head_dim up to 256", "[basic][flash_attention][4pt]") {
  const auto [head_dim, heads, q_len, kv_len] = GENERATE(table<int, int, int, int>({{56, 2, 5, 9},
                                                                                    {80, 1, 5, 9},
                                                                                    {128, 1, 5, 9},
                                                                                    {256, 1, 33, 33},
                                                                                    {33, 2, 33, 37},
                                                                                    {7, 2, 33, 37},
                                                                                    {1, 2, 33, 37},
                                                                                    {161, 1, 5, 9},
                                                                                    {255, 1, 5, 9}}));
  const auto in =
      random_inputs({.heads = heads, .kv_heads = heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim});
  CHECK_THAT(flash(in, Mask::causal).output, flash_output(in, Mask::causal));
}

TEST_CASE("the log-sum-exp comes with the output", "[basic][flash_attention][2pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const auto in = random_inputs({.batch = 2, .heads = 2, .kv_heads = 1, .q_len = 33, .kv_len = 40, .head_dim = 24}, 2);
  check_flash(flash(in, mask), in, mask);
}

TEST_CASE("a key that was fetched serves 32 queries", "[basic][flash_attention][ncu][4pt]") {
  const auto in = random_inputs({.q_len = 256, .kv_len = 256, .head_dim = 64});
  CHECK_THAT(flash(in, Mask::none).output, matches_attention(in, formula(in, Mask::none)));
  const Problem problem = problem_of<Problem>(in, Mask::none);
  check_loads(problem);
  const double queries = 4.0 * 256 * 64, loaded = static_cast<double>(device().loads().bytes);
  remark(fmt::format("keys and values loaded: {}; a block for each query loads {}", kib(loaded - queries),
                     kib(256.0 * 256 * 64 * 8)));
}

TEST_CASE("there is no score matrix", "[basic][flash_attention][2pt]") {
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = 100, .kv_len = 130, .head_dim = 16});
  CHECK_THAT(flash(in, Mask::none).output, matches_attention(in, formula(in, Mask::none)));
  check_no_score_matrix(problem_of<Problem>(in, Mask::none));
  remark(fmt::format("launches {}, device memory {}; the scores would be {}", device().launches.size(),
                     kib(static_cast<double>(device().peak_bytes)), kib(2.0 * 100 * 130 * 4)));
}

TEST_CASE("shared memory is used without bank conflicts", "[basic][flash_attention][3pt]") {
  const auto in = random_inputs({.q_len = 64, .kv_len = 96, .head_dim = GENERATE(64, 128)});
  CHECK_THAT(flash(in, Mask::none).output, flash_output(in, Mask::none));
  check_banks(1.1);
  const auto shared = device().shared();
  remark(fmt::format("head_dim {}: {} passes over shared memory, {} would do", in.q.dim(3), shared.wavefronts,
                     shared.ideal));
}
