#include "common/checker/attention/exact_inputs.h"
#include "common/checker/launches.h"
#include "fused.h"

using namespace workbook;
using namespace workbook::cuda_fused;

namespace {

/// Bytes loaded, and what comes out if a part is computed in int, or all of it in double.
ExactCount loads_exactly(const Problem& p) {
  const std::int64_t right = expected_traffic(p).loaded, rows = p.q_len + 2 * pairs(p);
  const std::int64_t row = std::int64_t{4} * p.head_dim * p.batch * p.heads;
  const auto in_int = [](std::int64_t x) { return static_cast<std::int64_t>(static_cast<std::int32_t>(x)); };
  const std::int64_t product = p.mask == Mask::none ? std::int64_t{p.q_len} * p.kv_len : pairs(p);
  const auto times = [](std::int64_t a, std::int64_t b) {  // in 64 bits, without a signed overflow
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  };
  const double in_double = static_cast<double>(row) * static_cast<double>(rows);
  return is_count(right, "loaded")
      .but_not_in_int()
      .but_not_in_int("a product of batch, heads and more", times(in_int(row), rows))
      .but_not_in_int("a product of batch, heads and more", times(4 * in_int(row / 4), rows))
      .but_not_in_int("a product of batch, heads and more",
                      times(std::int64_t{4} * p.head_dim * in_int(row / 4 / p.head_dim), rows))
      .but_not_in_int("the number of keys", times(row, p.q_len + 2 * in_int(product)))
      .but_not_in_int("twice the number of keys", times(row, p.q_len + in_int(2 * product)))
      .but_if([=](std::int64_t got) { return std::abs(static_cast<double>(got) / in_double - 1) < 1e-12; },
              "the first digits are right: was it computed in double, which has 53 bits?")
      .but_if([=](std::int64_t got) { return in_int(got) == in_int(right); },
              "the last 32 bits are right: is a product of ints an int here, before it becomes a std::int64_t?");
}

}  // namespace

TEST_CASE("traffic is exact up to 2^63 - 1", "[advanced][traffic][2pt]") {
  const Problem p = GENERATE(Problem{65'535, 65'535, 5, 1'001, 1'046, 251, Mask::none},  // 9.0e18
                             Problem{4'099, 4'097, 17, 3, 5, 251, Mask::none},           // batch * heads * head_dim
                             Problem{1, 3, 1, 70'001, 70'003, 1, Mask::none},            // q_len * kv_len
                             Problem{1, 3, 1, 70'001, 70'003, 7, Mask::causal},
                             Problem{1, 2, 1, 1'000, 2'147'483'647, 3, Mask::causal});
  const Traffic got = student<traffic>(p);
  CHECK_THAT(got.loaded, loads_exactly(p));
  CHECK_THAT(got.stored, is_count(expected_traffic(p).stored, "stored").but_not_in_int());
}

TEST_CASE("scores far from 0 keep their weights", "[advanced][fused_attention][2pt]") {
  const float score = GENERATE(-300.f, -3e4f, -1e32f, 1e32f);
  const auto in = inputs_of_score({.heads = 2, .kv_heads = 1, .q_len = 6, .kv_len = 40, .head_dim = 16}, score);
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const std::string from =
      ", as if the search for the largest score began at a number above all of these scores (0, -1e4, -1e30): it "
      "begins at -inf, or at the first score";
  CHECK_THAT(fused(in, mask),
             matches_attention(in, formula(in, mask))
                 .but_not([&] { return Tensor64(in.q.shape()); }, "every weight has become 0" + from)
                 .but_not([&] { return Tensor64(in.q.shape(), std::nan("")); }, "every sum of weights is 0" + from));
}

TEST_CASE("a query that sees one key returns its value", "[advanced][fused_attention][1pt]") {
  // Its score is 0, so its weight is e^0 = 1 in every way to compute it: every bit of the value comes through.
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const std::int64_t kv_len = mask == Mask::none ? 1 : 5;
  auto in = random_inputs({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = kv_len, .kv_len = kv_len, .head_dim = 36});
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t h = 0; h < 4; ++h) std::ranges::fill(in.q.row(b, h, 0), 0.f);
  CHECK_THAT(first_queries(fused(in, mask)), is_value_of_key_0(in));
}

TEST_CASE("a call knows nothing of the call before", "[advanced][fused_attention][1pt]") {
  const Sizes sizes{.batch = 2, .heads = 2, .kv_heads = 1, .q_len = 4, .kv_len = 20, .head_dim = 16};
  const auto before = random_inputs(sizes), in = random_inputs(sizes);
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  CHECK_THAT(fused(before, mask), fused_output(before, mask));
  CHECK_THAT(fused(in, mask),
             matches_attention(in, formula(in, mask))
                 .but_not([&] { return oracle::attention(before.q, before.k, before.v, formula(in, mask)); },
                          "this is the result of the call before")
                 .but_not([&] { return oracle::attention(in.q, before.k, before.v, formula(in, mask)); },
                          "keys and values are those of the call before")
                 .but_not([&] { return oracle::attention(before.q, in.k, in.v, formula(in, mask)); },
                          "the queries are those of the call before"));
}

TEST_CASE("what a query does not see cannot hurt it", "[advanced][fused_attention][1pt]") {
  // Keys and values from 10 on are NaN, as memory after a cache may be.
  auto in = random_inputs({.q_len = 20, .kv_len = 20, .head_dim = 16});
  for (std::int64_t j = 10; j < 20; ++j)
    for (float* x : {&in.k.at(0, 0, j, 0), &in.v.at(0, 0, j, 0)}) *x = std::nanf("");
  const Tensor got = fused(in, Mask::causal);
  REQUIRE(got.shape() == in.q.shape());
  const auto first = [](const Tensor& x) { return Tensor({1, 1, 10, 16}, x.values().first(160)); };
  CHECK_THAT(first(got), fused_output({first(in.q), first(in.k), first(in.v)}, Mask::causal));
}

TEST_CASE("one grid for a batch, and nobody waits for it", "[advanced][fused_attention][2pt]") {
  const auto in = random_inputs({.batch = 3, .heads = 4, .kv_heads = 2, .q_len = 7, .kv_len = 9, .head_dim = 8});
  CHECK_THAT(fused(in, Mask::none), fused_output(in, Mask::none));
  CHECK_THAT(device(), launches_once(device(), "scores, softmax and weighted sum are steps of one kernel"));
  CHECK_THAT(device(), nobody_waits());
  CHECK_THAT(device(), blocks_of(kThreads));
  CHECK_THAT(device(), counts_along_x(3, 4));
}

TEST_CASE("the error of a launch is thrown", "[advanced][fused_attention][1pt]") {
  const auto in = random_inputs({.q_len = 2, .kv_len = 9, .head_dim = 8});
  CHECK_THAT([&] { fused(in, Mask::none); }, throws_if_launch_is_refused());
}

TEST_CASE("a query that sees no key gives zeros", "[advanced][fused_attention][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {20, 13}}));
  const auto in =
      random_inputs({.batch = 2, .heads = 2, .kv_heads = 2, .q_len = q_len, .kv_len = kv_len, .head_dim = 24});
  CHECK_THAT(fused(in, Mask::causal), fused_output(in, Mask::causal));
}

TEST_CASE("scores may have any size", "[advanced][fused_attention][2pt]") {
  auto in = random_inputs({.heads = 2, .kv_heads = 2, .q_len = 5, .kv_len = 70, .head_dim = 16}, 20);
  if (GENERATE(false, true)) in.k = random_outliers(in.k.shape());
  for (Tensor* x : {&in.q, &in.k})  // whole numbers: scores of any size are then exact, and only the softmax rounds
    for (float& value : x->values()) value = std::nearbyint(value);
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  CHECK_THAT(fused(in, mask), fused_output(in, mask));
}

TEST_CASE("hidden keys are not loaded", "[advanced][fused_attention][3pt]") {
  const auto in = random_inputs({.heads = 2, .kv_heads = 1, .q_len = 32, .kv_len = 32, .head_dim = 32});
  CHECK_THAT(fused(in, Mask::causal), fused_output(in, Mask::causal));
  const double due = double(expected_traffic(problem_of<Problem>(in, Mask::causal)).loaded),
               all = double(expected_traffic(problem_of<Problem>(in, Mask::none)).loaded);
  CHECK_THAT(device(), loads_within(bytes_of(in), 1.1 * due,
                                    "a query is loaded once, and so are the keys and values that it sees, the first "
                                    "i + 1 + (kv_len - q_len). Do all loops over keys end there?"));
  remark(fmt::format("loaded {}; without the mask {}", size(double(device().loads().bytes)), size(all)));
}

TEST_CASE("the whole kernel moves whole sectors", "[advanced][fused_attention][2pt]") {
  const auto in = random_inputs({.q_len = 3, .kv_len = 128, .head_dim = GENERATE(64, 80)});
  CHECK_THAT(fused(in, Mask::none), fused_output(in, Mask::none));
  check_sectors(1.3, "In the first product eight lanes share a key, in the second lanes have neighbouring channels");
}

TEST_CASE("a block waits a few times, not once for every key", "[advanced][fused_attention][1pt]") {
  const auto in = random_inputs({.q_len = 4, .kv_len = 1100, .head_dim = 4});
  CHECK_THAT(fused(in, Mask::none), fused_output(in, Mask::none));
  std::uint64_t barriers = 0;
  for (const CudaLaunch& launch : device().launches) barriers += launch.operations.barriers;
  CHECK_THAT(barriers, at_most(4 * 16,
                               "16 barriers for each of 4 blocks. There is a barrier in a loop over keys: threads need "
                               "to meet between the steps only"));
  remark(fmt::format("barriers per block: {}", barriers / 4));
}

TEST_CASE("a row of 8192 keys fits", "[advanced][fused_attention][1pt]") {
  const auto in = random_inputs({.q_len = 1, .kv_len = kMaxKeys, .head_dim = 1});
  CHECK_THAT(fused(in, Mask::causal), fused_output(in, Mask::causal));
}

TEST_CASE("a row that does not fit is refused", "[advanced][fused_attention][1pt]") {
  const auto [kv_len, head_dim] = GENERATE(table<int, int>({{kMaxKeys + 1, 1}, {20, kMaxHeadDim + 1}}));
  const auto in = random_inputs({.q_len = 1, .kv_len = kv_len, .head_dim = head_dim});
  Tensor out(in.q.shape());
  const std::string found = std::to_string(kv_len > kMaxKeys ? kv_len : head_dim);
  CHECK_THAT([&] { student<fused_attention>(in.q, in.k, in.v, out, Mask::none, {}); },
             Refused(fmt::format("kv_len {} and head_dim {}: the contract allows {} and {}; expected "
                                 "std::invalid_argument with a message that names {}",
                                 kv_len, head_dim, kMaxKeys, kMaxHeadDim, found),
                     {found}));
}
