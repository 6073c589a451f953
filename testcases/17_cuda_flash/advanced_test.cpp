#include "common/checker/attention/exact_inputs.h"
#include "gates.h"

using namespace workbook;
using namespace workbook::cuda_flash;

namespace {

/// kv_bytes, and what comes out if a part is computed in int, or all of it in double.
ExactCount counts_exactly(const Problem& p) {
  const std::int64_t right = expected_kv_bytes(p), heads = std::int64_t{p.batch} * p.heads;
  const std::int64_t keys = right / heads / 8 / p.head_dim;
  const auto in_int = [](std::int64_t x) { return static_cast<std::int64_t>(static_cast<std::int32_t>(x)); };
  const auto times = [](std::int64_t a, std::int64_t b) {  // in 64 bits, without a signed overflow
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  };
  return is_count(right)
      .but_not_in_int()
      .but_not_in_int("the number of keys", times(in_int(keys), right / keys))
      .but_not_in_int("a product of batch, heads and more", times(in_int(heads), right / heads))
      .but_not_in_int("a product of batch, heads and more", times(in_int(heads * p.head_dim), 8 * keys))
      .but_not_in_int("a product of batch, heads and more", times(in_int(heads * p.head_dim * 8), keys))
      .but_if(
          [=](std::int64_t got) { return std::abs(static_cast<double>(got) / static_cast<double>(right) - 1) < 1e-12; },
          "the first digits are right: was it computed in double, which has 53 bits?")
      .but_if([=](std::int64_t got) { return in_int(got) == in_int(right); },
              "the last 32 bits are right: is a product of ints an int here, before it becomes a std::int64_t?");
}

}  // namespace

TEST_CASE("kv_bytes is exact up to 2^63 - 1", "[advanced][kv_bytes][2pt]") {
  const Problem p = GENERATE(Problem{65'535, 65'535, 5, 1'001, 32'671, 251, Mask::none},  // 9.0e18
                             Problem{4'099, 4'097, 17, 40, 5, 251, Mask::none},           // batch * heads * head_dim
                             Problem{1, 3, 1, 2'000'001, 700'003, 1, Mask::none},         // blocks * keys
                             Problem{1, 3, 1, 700'001, 700'003, 7, Mask::causal},
                             Problem{1, 2, 1, 1'000, 2'147'483'647, 3, Mask::causal},
                             Problem{1, 1, 1, 100'000'007, 35, 1, Mask::none},
                             Problem{1, 1, 1, 2'147'483'647, 35, 1, Mask::none});  // the last block's end is no int
  CHECK_THAT(student<kv_bytes>(p), counts_exactly(p));
}

TEST_CASE("scores far from 0 keep their weights", "[advanced][flash_attention][2pt]") {
  const float score = GENERATE(-300.f, -3e4f, -1e32f, 1e32f);
  const auto in = inputs_of_score({.heads = 2, .kv_heads = 1, .q_len = 32, .kv_len = 32, .head_dim = 16}, score);
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const Result got = flash(in, mask);
  const std::string from =
      ", as if the maximum began at a number above all of these scores (0, -1e4, -1e30): it begins at -inf";
  CHECK_THAT(got.output,
             matches_attention(in, formula(in, mask))
                 .but_not([&] { return Tensor64(in.q.shape()); }, "every weight has become 0" + from)
                 .but_not([&] { return Tensor64(in.q.shape(), std::nan("")); }, "every sum of weights is 0" + from)
                 .but_not([&] { return hidden_keys_only(in); },
                          "hidden keys were given a finite score, such as -1e4 or -1e30, and here it is larger than "
                          "all others: a hidden key scores -inf"));
  CHECK_THAT(got.lse, has_log_sum_exp(in, mask));
}

TEST_CASE("a query that sees one key returns its value", "[advanced][flash_attention][1pt]") {
  // Its score is 0, so its weight is e^0 = 1 in every way to compute it: every bit of the value comes through.
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const std::int64_t kv_len = mask == Mask::none ? 1 : 35;
  auto in = random_inputs({.batch = 2, .heads = 2, .kv_heads = 1, .q_len = kv_len, .kv_len = kv_len, .head_dim = 36});
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t h = 0; h < 2; ++h) std::ranges::fill(in.q.row(b, h, 0), 0.f);
  const Result got = flash(in, mask);
  CHECK_THAT(first_queries(got.output), is_value_of_key_0(in));
  const Tensor lse = first_queries(got.lse.reshaped({2, 2, kv_len, 1}));
  CHECK_THAT(lse, matches(Tensor(lse.shape()), {0, 0, "a score of 0, and log(1) is 0"})
                      .but_not([&] { return Tensor(lse.shape(), std::log(1 + 1e-6f)); }, "1e-06 was added to the sum"));
}

TEST_CASE("a call knows nothing of the call before", "[advanced][flash_attention][1pt]") {
  // The second shape needs more shared memory than the first.
  const int head_dim = GENERATE(200, 256, 16), before = head_dim == 256 ? 200 : head_dim;
  const Sizes sizes{.q_len = 5, .kv_len = 20, .head_dim = head_dim};
  Sizes earlier = sizes;
  earlier.head_dim = before;
  const auto old = random_inputs(earlier), in = random_inputs(sizes);
  check_flash(flash(old, Mask::causal), old, Mask::causal);
  const oracle::Attention right = formula(in, Mask::causal);
  Matches result = matches_attention(in, right);
  if (head_dim == before)
    std::move(result)
        .but_not([&] { return oracle::attention(old.q, old.k, old.v, right); }, "this is the result of the call before")
        .but_not([&] { return oracle::attention(in.q, old.k, old.v, right); },
                 "keys and values are those of the call before")
        .but_not([&] { return oracle::attention(old.q, in.k, in.v, right); },
                 "the queries are those of the call before");
  const Result got = flash(in, Mask::causal);
  CHECK_THAT(got.output, result);
  CHECK_THAT(got.lse, has_log_sum_exp(in, Mask::causal));
}

TEST_CASE("one grid for a batch, and nobody waits for it", "[advanced][flash_attention][2pt]") {
  const auto in = random_inputs({.batch = 2, .heads = 3, .kv_heads = 1, .q_len = 130, .kv_len = 9, .head_dim = 8});
  CHECK_THAT(flash(in, Mask::none).output, flash_output(in, Mask::none));
  CHECK_THAT(device(), launches_once(device(), "tiles, softmax and weighted sum are steps of one kernel"));
  CHECK_THAT(device(), nobody_waits());
  CHECK_THAT(device(), blocks_of(kThreads));
  CHECK_THAT(device(), counts_along_x(2, 3));
}

TEST_CASE("the error of a launch is thrown", "[advanced][flash_attention][1pt]") {
  const auto in = random_inputs({.q_len = 2, .kv_len = 9, .head_dim = 8});
  CHECK_THAT([&] { flash(in, Mask::none); }, throws_if_launch_is_refused());
}

TEST_CASE("a query that sees no key gives zeros", "[advanced][flash_attention][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{40, 3}, {70, 33}}));
  const auto in =
      random_inputs({.batch = 2, .heads = 2, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 40});
  check_flash(flash(in, Mask::causal), in, Mask::causal);
}

TEST_CASE("scores may have any size", "[advanced][flash_attention][2pt]") {
  auto in = random_inputs({.heads = 2, .kv_heads = 2, .q_len = 40, .kv_len = 70, .head_dim = 16}, 20);
  if (GENERATE(false, true)) in.k = random_outliers(in.k.shape());
  for (Tensor* x : {&in.q, &in.k})  // whole numbers: scores of any size are then exact, and only the softmax rounds
    for (float& value : x->values()) value = std::nearbyint(value);
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  check_flash(flash(in, mask), in, mask);
}

TEST_CASE("tiles that nobody sees are not loaded", "[advanced][flash_attention][4pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{128, 128}, {104, 118}}));
  const auto in = random_inputs({.q_len = q_len, .kv_len = kv_len, .head_dim = 32});
  CHECK_THAT(flash(in, Mask::causal).output, flash_output(in, Mask::causal));
  const Problem problem = problem_of<Problem>(in, Mask::causal);
  check_loads(problem);
  Problem whole = problem;
  whole.mask = Mask::none;
  remark(fmt::format("{} queries: loaded {}; without the mask {}", q_len,
                     kib(static_cast<double>(device().loads().bytes)),
                     kib(static_cast<double>(expected_loads(whole)))));
}

TEST_CASE("what nobody in a tile sees cannot hurt it", "[advanced][flash_attention][1pt]") {
  // Keys and values from 32 on are NaN, as memory behind a cache may be. Queries 0 to 31 are a tile.
  auto in = random_inputs({.q_len = 64, .kv_len = 64, .head_dim = 16});
  for (std::int64_t j = 32; j < 64; ++j)
    for (float* x : {&in.k.at(0, 0, j, 0), &in.v.at(0, 0, j, 0)}) *x = std::nanf("");
  const Tensor got = flash(in, Mask::causal).output;
  const Inputs seen{Tensor({1, 1, 32, 16}, in.q.values().first(512)), Tensor({1, 1, 32, 16}, in.k.values().first(512)),
                    Tensor({1, 1, 32, 16}, in.v.values().first(512))};
  REQUIRE(got.shape() == in.q.shape());
  const Tensor first({1, 1, 32, 16}, got.values().first(512));
  const bool nan = std::ranges::any_of(first.values(), [](float x) { return std::isnan(x); });
  CHECK_THAT(first, flash_output(seen, Mask::causal)
                        .but_if([=](const Tensor64&) { return nan; },
                                "NaN: does a tile take part that none of these queries sees? A weight of 0 does not "
                                "help, as 0 times NaN is NaN"));
}

TEST_CASE("LLaMA's heads at head_dim 128", "[advanced][flash_attention][2pt]") {
  const auto in = random_inputs({.heads = 4, .kv_heads = 2, .q_len = 33, .kv_len = 33, .head_dim = 128}, 2);
  check_flash(flash(in, Mask::causal), in, Mask::causal);
}

TEST_CASE("a decoding step is one query", "[advanced][flash_attention][1pt]") {
  const auto in = random_inputs({.heads = 3, .kv_heads = 1, .q_len = 1, .kv_len = 133, .head_dim = 80}, 2);
  check_flash(flash(in, Mask::causal), in, Mask::causal);
}

TEST_CASE("long rows", "[advanced][flash_attention][1pt]") {
  const auto in = random_inputs({.q_len = 20, .kv_len = 1100, .head_dim = 16}, 2);
  check_flash(flash(in, Mask::causal), in, Mask::causal);
}

TEST_CASE("odd head sizes are loaded in whole sectors, too", "[advanced][flash_attention][2pt]") {
  // Where lanes of a warp skip a load, the simulator may count more than a GPU needs: 33 leaves room for that.
  const auto [head_dim, slack] = GENERATE(table<int, double>({{56, 1.3}, {80, 1.3}, {33, 4.0}}));
  const auto in = random_inputs({.q_len = 64, .kv_len = 64, .head_dim = head_dim});
  CHECK_THAT(flash(in, Mask::none).output, flash_output(in, Mask::none));
  check_loads(problem_of<Problem>(in, Mask::none));
  check_sectors(slack);
}

TEST_CASE("the kernel loads what kv_bytes promises", "[advanced][flash_attention][2pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  // Of the 65 keys, queries 0 to 31 see the first 33: one more than a tile holds.
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{70, 100}, {64, 65}}));
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len, .head_dim = 32});
  const std::int64_t due = expected_kv_bytes(problem_of<Problem>(in, mask));
  CHECK_THAT(flash(in, mask).output, matches_attention(in, formula(in, mask)));
  const auto counted = static_cast<std::int64_t>(device().loads().bytes) - 2 * q_len * 32 * 4;
  CHECK_THAT(counted, matches(static_cast<double>(due), {1, 0.25, "a quarter"})
                          .but_if([=](const Tensor64& got) { return got.at(0) > static_cast<double>(due); },
                                  "are whole tiles loaded, with keys that no query of the block sees? A causal block's "
                                  "last tile ends behind its last query's last key"));
  remark(fmt::format("{}: kv_bytes says {} bytes of keys and values, counted {}",
                     mask == Mask::none ? "no mask" : "causal", due, counted));
}
