#include "common/checker/attention/exact_inputs.h"
#include "gates.h"

using namespace workbook;
using namespace workbook::cuda_tensor_cores;

namespace {

/// The usual mistakes of rows whose scores are all alike and far from 0.
Matches keeps_weights(const Inputs& in, Mask mask) {
  const std::string from =
      ", as if the maximum began at a number above all of these scores (0, -1e4, -1e30): it begins at -inf";
  return matches_attention(in, formula(in, mask))
      .but_not([=] { return Tensor64(in.q.shape()); }, "every weight has become 0" + from)
      .but_not([=] { return Tensor64(in.q.shape(), std::nan("")); }, "every sum of weights is 0" + from)
      .but_not([=] { return hidden_keys_only(in); },
               "hidden keys were given a finite score, such as -1e4 or -1e30, and here it is larger than all others: a "
               "hidden key scores -inf");
}

template <auto F>
void check_scores_of_any_size() {
  const float score = GENERATE(-300.f, -1.5e4f, 300.f);
  const auto in = Narrow<float16>(inputs_of_score({.q_len = 40, .kv_len = 40, .head_dim = 16}, score));
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const Result got = flash<F>(in, mask);
  CHECK_THAT(got.output, keeps_weights(in.wide, mask));
  CHECK_THAT(got.lse, has_log_sum_exp(in.wide, mask));
}

template <auto F>
void check_blind_queries() {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{40, 3}, {100, 70}, {150, 20}}));
  const auto in = halves({.batch = 2, .heads = 2, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len, .head_dim = 16});
  check_flash(flash<F>(in, Mask::causal), in.wide, Mask::causal);
}

/// Keys and values that no query of the first tile sees are NaN, as memory after a cache may be.
template <auto F>
void check_unseen_tiles() {
  auto x = random_inputs({.q_len = 128, .kv_len = 128, .head_dim = 16});
  for (std::int64_t j = kTile; j < 128; ++j)
    for (float* number : {&x.k.at(0, 0, j, 0), &x.v.at(0, 0, j, 0)}) *number = std::nanf("");
  const Tensor got = flash<F>(Narrow<float16>(x), Mask::causal).output;
  REQUIRE(got.shape() == x.q.shape());
  const auto half = [](const Tensor& all) { return Tensor({1, 1, kTile, 16}, all.values().first(kTile * 16)); };
  const Narrow<float16> seen(Inputs{half(x.q), half(x.k), half(x.v)});
  const Tensor first = half(got);
  const bool nan = std::ranges::any_of(first.values(), [](float value) { return std::isnan(value); });
  CHECK_THAT(first, output_of(seen.wide, Mask::causal)
                        .but_if([=](const Tensor64&) { return nan; },
                                "NaN: does a tile take part that none of these queries sees? A weight of 0 does not "
                                "help, as 0 times NaN is NaN"));
}

/// A single key of score 0 has the weight 1, in whatever way it is computed: every bit of its value comes through.
template <auto F>
void check_single_key() {
  const std::int64_t kv_len = GENERATE(1, 70);
  auto x = random_inputs({.batch = 2, .heads = 2, .kv_heads = 1, .q_len = kv_len, .kv_len = kv_len, .head_dim = 16});
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t h = 0; h < 2; ++h) std::ranges::fill(x.q.row(b, h, 0), 0.f);
  const Narrow<float16> in(x);
  const Result got = flash<F>(in, Mask::causal);
  CHECK_THAT(first_queries(got.output), is_value_of_key_0(in.wide));
  const Tensor lse = first_queries(got.lse.reshaped({2, 2, kv_len, 1}));
  CHECK_THAT(lse, matches(Tensor(lse.shape()), {0, 0, "a score of 0, and log(1) is 0"}));
}

template <auto F>
void check_launch() {
  const auto in = halves({.batch = 2, .heads = 1, .q_len = 130, .kv_len = 9, .head_dim = 16});
  CHECK_THAT(flash<F>(in, Mask::none).output, output_of(in.wide, Mask::none));
  CHECK_THAT(device(), launches_once(device(), "tiles, softmax and weighted sum are steps of one kernel"));
  CHECK_THAT(device(), nobody_waits());
  CHECK_THAT(device(), blocks_of(kThreads));
  CHECK_THAT(device(), counts_along_x(2, 1));
}

/// A call with other sizes and one with other numbers come before.
template <auto F>
void check_calls_before() {
  const auto small = halves({.q_len = 5, .kv_len = 20, .head_dim = 64});
  check_flash(flash<F>(small, Mask::none), small.wide, Mask::none);
  const Sizes sizes{.q_len = 5, .kv_len = 70, .head_dim = 128};
  const auto old = halves(sizes), in = halves(sizes);
  check_flash(flash<F>(old, Mask::causal), old.wide, Mask::causal);
  CHECK_THAT(flash<F>(in, Mask::causal).output, attends_after(old.wide, in.wide, formula(in.wide, Mask::causal)));
}

template <auto F, class T = float16>
void check_refusals() {
  const int head_dim = GENERATE(8, 40, 144, 256);
  const Narrow<T> in(random_inputs({.q_len = 2, .kv_len = 3, .head_dim = head_dim}));
  CHECK_THAT([&] { flash<F>(in, Mask::none); }, is_refused("head_dim is one of 16, 32, 48, ..., 128", head_dim, 128));
}

}  // namespace

TEST_CASE("wmma: a query that sees no key gives zeros", "[advanced][wmma_attention][1pt]") {
  check_blind_queries<wmma_attention>();
}
TEST_CASE("mma: a query that sees no key gives zeros", "[advanced][mma_attention][2pt]") {
  check_blind_queries<mma_attention>();
}
TEST_CASE("pipelined: a query that sees no key gives zeros", "[advanced][pipelined_attention][1pt]") {
  check_blind_queries<pipelined_attention>();
}

TEST_CASE("wmma: scores far from 0 keep their weights", "[advanced][wmma_attention][1pt]") {
  check_scores_of_any_size<wmma_attention>();
}
TEST_CASE("mma: scores far from 0 keep their weights", "[advanced][mma_attention][2pt]") {
  check_scores_of_any_size<mma_attention>();
}

TEST_CASE("wmma: what nobody in a tile sees cannot hurt it", "[advanced][wmma_attention][1pt]") {
  check_unseen_tiles<wmma_attention>();
}
TEST_CASE("mma: what nobody in a tile sees cannot hurt it", "[advanced][mma_attention][1pt]") {
  check_unseen_tiles<mma_attention>();
}
TEST_CASE("pipelined: what nobody in a tile sees cannot hurt it", "[advanced][pipelined_attention][1pt]") {
  check_unseen_tiles<pipelined_attention>();
}

TEST_CASE("wmma: a query that sees one key returns its value", "[advanced][wmma_attention][1pt]") {
  check_single_key<wmma_attention>();
}
TEST_CASE("mma: a query that sees one key returns its value", "[advanced][mma_attention][1pt]") {
  check_single_key<mma_attention>();
}

TEST_CASE("wmma: one grid for a batch, and nobody waits for it", "[advanced][wmma_attention][1pt]") {
  check_launch<wmma_attention>();
}
TEST_CASE("mma: one grid for a batch, and nobody waits for it", "[advanced][mma_attention][1pt]") {
  check_launch<mma_attention>();
}
TEST_CASE("pipelined: one grid for a batch, and nobody waits for it", "[advanced][pipelined_attention][1pt]") {
  check_launch<pipelined_attention>();
}

TEST_CASE("mma: a call knows nothing of the call before", "[advanced][mma_attention][1pt]") {
  check_calls_before<mma_attention>();
}
TEST_CASE("pipelined: a call knows nothing of the call before", "[advanced][pipelined_attention][1pt]") {
  check_calls_before<pipelined_attention>();
}

TEST_CASE("wmma: other head_dims are refused", "[advanced][wmma_attention][1pt]") { check_refusals<wmma_attention>(); }
TEST_CASE("mma: other head_dims are refused", "[advanced][mma_attention][1pt]") { check_refusals<mma_attention>(); }
TEST_CASE("mma: other head_dims of bfloat16 are refused", "[advanced][mma_attention_bf16][1pt]") {
  check_refusals<mma_attention_bf16, bfloat16>();
}
TEST_CASE("pipelined: other head_dims are refused", "[advanced][pipelined_attention][1pt]") {
  check_refusals<pipelined_attention>();
}
TEST_CASE("pipelined: other head_dims of bfloat16 are refused", "[advanced][pipelined_attention_bf16][1pt]") {
  check_refusals<pipelined_attention_bf16, bfloat16>();
}
TEST_CASE("other head_dims have no tiles", "[advanced][tile_scores][1pt]") {
  const int head_dim = GENERATE(8, 40, 144);
  const TensorOf<float16> q({2, head_dim}), k({3, head_dim});
  Tensor scores({2, 3});
  CHECK_THAT([&] { student<tile_scores>(q, k, scores, 1, {}); },
             is_refused("head_dim is one of 16, 32, 48, ..., 128", head_dim, 128));
}

TEST_CASE("wmma: weights and result alone are rounded", "[advanced][wmma_attention][1pt]") {
  const auto in = halves({.q_len = 20, .kv_len = 600, .head_dim = 32}, 2);
  const Tensor got = flash<wmma_attention>(in, Mask::causal).output;
  check_precision<float16>(got, in.wide, Mask::causal);
}
TEST_CASE("mma: weights and result alone are rounded", "[advanced][mma_attention][2pt]") {
  // 65 tiles: what is rounded after each of them adds up.
  const auto in = halves({.q_len = 20, .kv_len = GENERATE(70, 4160), .head_dim = 16}, 2);
  const Tensor got = flash<mma_attention>(in, Mask::causal).output;
  check_precision<float16>(got, in.wide, Mask::causal);
}
TEST_CASE("weights and result alone are rounded to bfloat16", "[advanced][mma_attention_bf16][1pt]") {
  const auto in = bfloats({.q_len = 20, .kv_len = GENERATE(70, 600), .head_dim = 32}, 2);
  const Tensor got = flash<mma_attention_bf16>(in, Mask::causal).output;
  check_precision<bfloat16>(got, in.wide, Mask::causal);
}

TEST_CASE("mma: neighbouring heads share keys and values", "[advanced][mma_attention][1pt]") {
  const auto [batch, heads] = GENERATE(table<int, int>({{2, 4}, {1, 10}}));
  const auto in = halves({.batch = batch, .heads = heads, .kv_heads = 2, .q_len = 20, .kv_len = 40, .head_dim = 16});
  CHECK_THAT((flash<mma_attention>(in, Mask::none).output), output_of(in.wide, Mask::none));
}

TEST_CASE("pipelined: a decoding step is one query", "[advanced][pipelined_attention][1pt]") {
  const auto in = halves({.heads = 2, .kv_heads = 1, .q_len = 1, .kv_len = 201, .head_dim = 80}, 2);
  check_flash(flash<pipelined_attention>(in, Mask::causal), in.wide, Mask::causal);
}

TEST_CASE("the error of a launch is thrown", "[advanced][pipelined_attention][1pt]") {
  const auto in = halves({.q_len = 2, .kv_len = 9, .head_dim = 16});
  CHECK_THAT([&] { flash<pipelined_attention>(in, Mask::none); }, throws_if_launch_is_refused());
}
TEST_CASE("mma: the error of a launch is thrown", "[advanced][mma_attention][1pt]") {
  const auto in = halves({.q_len = 2, .kv_len = 9, .head_dim = 128});
  CHECK_THAT([&] { flash<mma_attention>(in, Mask::none); }, throws_if_launch_is_refused());
}
TEST_CASE("wmma: the error of a launch is thrown", "[advanced][wmma_attention][1pt]") {
  const auto in = halves({.q_len = 2, .kv_len = 9, .head_dim = 128});
  CHECK_THAT([&] { flash<wmma_attention>(in, Mask::none); }, throws_if_launch_is_refused());
}
