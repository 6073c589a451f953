#include <fmt/format.h>

#include "costs.h"
#include "flash.h"
#include "forward.h"
#include "long_step.h"
#include "softmax.h"

using namespace workbook;
using namespace workbook::flash_backward;

namespace {

constexpr Dropout kSomeDropout{.p = 0.3, .seed = 0xfeed'0000'0000'0001};

/// Calls with shares that are none.
void check_p_refused(const std::function<void(double p)>& call) {
  for (const int whole : {1, 2, -1}) CHECK_THAT([&] { call(whole); }, is_refused("p must be in [0, 1)", whole, whole));
  for (const double p : {1.5, -1e-300, std::nan(""), std::numeric_limits<double>::infinity()}) {
    INFO("p is " << p);
    CHECK_THROWS_AS(call(p), std::invalid_argument);
  }
}

/// Gradients may have any size of scores: the largest weight of a row is nearly 1 here.
Step step_of_large_scores(Mask mask, const Dropout& dropout = {}) {
  return step_of(
      attention_tests::inputs_of_large_scores({.heads = 2, .kv_heads = 2, .q_len = 9, .kv_len = 9, .head_dim = 16}, 3),
      mask, dropout);
}

/// Scores that are equal and huge: exp of them overflows, or is 0. Channels that no score depends on differ.
Step step_of_equal_scores(const Dropout& dropout = {}) {
  auto in = attention_tests::inputs_of_equal_scores({.heads = 4, .kv_heads = 2, .q_len = 8, .kv_len = 8, .head_dim = 4},
                                                    {-300, 300, 0, -1000, 1000});
  for (std::int64_t n = 0; n < in.k.size(); ++n)
    if (n % 4 != 0) in.k.values()[static_cast<std::size_t>(n)] = in.v.values()[static_cast<std::size_t>(n)] + 1;
  return step_of(std::move(in), Mask::causal, dropout);
}

}  // namespace

TEST_CASE("a row of zeros has no derivative", "[advanced][softmax_backward][1pt]") {
  Tensor p = to_float(oracle::softmax(random_normal({4, 6})));
  std::ranges::fill(p.row(0), 0.f);
  std::ranges::fill(p.row(3), 0.f);
  const Tensor dp = random_normal({4, 6});
  CHECK_THAT(student<softmax_backward>(p, dp), is_d_scores(p, dp));
}

TEST_CASE("rows and columns may be many or none", "[advanced][softmax_backward][1pt]") {
  const auto [rows, columns] = GENERATE(table<int, int>({{1, 1000}, {1000, 1}, {3, 0}, {0, 3}}));
  const Tensor p = to_float(oracle::softmax(random_normal({rows, columns}))), dp = random_normal({rows, columns});
  CHECK_THAT(student<softmax_backward>(p, dp), is_d_scores(p, dp));
}

TEST_CASE("unfused: a query that sees no key gets no gradient", "[advanced][attention_backward][1pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {7, 1}, {3, 0}}));
  const Step step = random_step({.batch = 2, .heads = 2, .q_len = q_len, .kv_len = kv_len}, Mask::causal);
  check_gradients(call_unfused(step), step, one_tile(step));
}

TEST_CASE("unfused: a second call knows nothing of the first", "[advanced][attention_backward][1pt]") {
  const Sizes sizes{.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 5, .kv_len = 6};
  const Step earlier = random_step(sizes), step = random_step(sizes);
  call_unfused(earlier);
  check_gradients(call_unfused(step), step, one_tile(step));
}

TEST_CASE("flash: a query that sees no key gets no gradient", "[advanced][flash_backward][2pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {9, 1}, {3, 0}}));
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{3, 2}, {2, 2}, {16, 16}}));
  const Step step = random_step({.batch = 2, .heads = 2, .q_len = q_len, .kv_len = kv_len}, Mask::causal);
  check_gradients(call_flash(step, q_tile, kv_tile), step, {Mask::causal, q_tile, kv_tile});
}

TEST_CASE("flash: gradients of large scores", "[advanced][flash_backward][1pt]") {
  const Step step = step_of_large_scores(GENERATE(Mask::none, Mask::causal));
  check_gradients(call_flash(step, 4, 2), step, {step.mask, 4, 2});
}

TEST_CASE("flash: gradients of scores that exp cannot take", "[advanced][flash_backward][1pt]") {
  const Step step = step_of_equal_scores();
  check_gradients(call_flash(step, 3, 3), step, {step.mask, 3, 3});
}

TEST_CASE("flash: a second call knows nothing of the first", "[advanced][flash_backward][1pt]") {
  const Sizes sizes{.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 5, .kv_len = 6};
  const Step earlier = random_step(sizes, Mask::causal), step = random_step(sizes, Mask::causal);
  call_flash(earlier, 2, 3);
  check_gradients(call_flash(step, 2, 3), step, {Mask::causal, 2, 3});
}

TEST_CASE("flash: no extent and no tile is too large", "[advanced][flash_backward][2pt]") {
  const auto [heads, kv_heads, q_len, kv_len, head_dim] = GENERATE(table<int, int, int, int, int>(
      {{1, 1, 2, 5001, 3}, {1, 1, 1101, 6, 3}, {1, 1, 3, 5, 301}, {66, 2, 2, 3, 5}, {1, 1, 2, 3, 1030}}));
  const auto [q_tile, kv_tile] =
      GENERATE(table<int, int>({{1, 7}, {300, 400}, {2'147'483'647, 2'147'483'647}, {2'147'483'640, 100'000'000}}));
  const Step step =
      random_step({.heads = heads, .kv_heads = kv_heads, .q_len = q_len, .kv_len = kv_len, .head_dim = head_dim});
  check_gradients(call_flash(step, q_tile, kv_tile), step, {Mask::none, q_tile, kv_tile});
}

TEST_CASE("flash: tiles are at least one by one", "[advanced][flash_backward][1pt]") {
  const Step step = random_step({.q_len = 3, .kv_len = 3});
  const int wrong = GENERATE(0, -1, -3);
  CHECK_THAT([&] { call_flash(step, wrong, 4); }, is_refused("q_tile must be >= 1", wrong, wrong));
  CHECK_THAT([&] { call_flash(step, 4, wrong); }, is_refused("kv_tile must be >= 1", wrong, wrong));
}

TEST_CASE("the workspace of flash_backward does not know the lengths", "[advanced][flash_backward][2pt]") {
  const auto with_lengths = [&](std::int64_t q_len, std::int64_t kv_len) {
    const Step step = long_step(q_len, kv_len, 2);
    check_some_gradients(call_flash(step, 16, 32), step);
    CHECK_THAT(evidence(),
               workspace_at_most(64 << 10,
                                 "two tiles are 4 KiB, and matmul wants some. This limit is the same for any "
                                 "number of queries and keys"));
    return evidence().counts().workspace();
  };
  const auto few = with_lengths(64, 64);
  const auto many = with_lengths(512, 512);
  with_lengths(1, 40'000);
  with_lengths(40'000, 16);
  remark("workspace " + size_text(few) + " for 64 queries and keys, " + size_text(many) + " for 512");
}

TEST_CASE("what no query of a tile sees cannot hurt it", "[advanced][flash_backward][1pt]") {
  // Queries 0 to 3 and all that belongs to them are NaN. They see keys 0 to 3; keys 4 to 11 never meet them.
  Step step = random_step({.q_len = 12, .kv_len = 12}, Mask::causal);
  const auto exact = oracle::attention_backward(step.in.q, step.in.k, step.in.v, step.outputs.d_output, step.formula());
  for (std::int64_t i = 0; i < 4; ++i)
    for (Tensor* x : {&step.in.q, &step.outputs.output, &step.outputs.d_output})
      std::ranges::fill(x->row(0, 0, i), std::nanf(""));
  const Gradients got = call_flash(step, 4, 4);
  REQUIRE(got.dk.shape() == step.in.k.shape());
  REQUIRE(got.dv.shape() == step.in.v.shape());
  const auto later_keys = [](const auto& gradient) {
    const Tensor64 all = as_tensor64(gradient);
    return Tensor64({8, 8}, std::span<const double>(all.values()).last(64));
  };
  for (const auto& [gradient, right] : {std::pair{&got.dk, &exact.dk}, {&got.dv, &exact.dv}})
    CHECK_THAT(
        later_keys(*gradient),
        matches(later_keys(*right), rounding(200))
            .but_if(
                has_nan,
                "keys 4 to 11 have NaN in their gradients, and only queries that do not see them hold one. Is a tile "
                "visited in which no query sees a key? A weight of 0 does not help: 0 times NaN is NaN"));
}

TEST_CASE("philox for counters and keys drawn at random", "[advanced][philox][1pt]") {
  const auto word = [] { return static_cast<std::uint32_t>(random_integer(0, UINT32_MAX)); };
  for (int n = 0; n < 20; ++n) {
    const Words counter{word(), word(), word(), word()};
    const Key key{word(), word()};
    CHECK_THAT(student<philox>(counter, key), are_words(counter, key, philox_words(counter, key)));
  }
}

TEST_CASE("the share of dropped weights is known to the last bit", "[advanced][dropout_factor][2pt]") {
  for (std::int64_t column = 0; column < 12; ++column) {
    const double word =
        philox_words({static_cast<std::uint32_t>(column / 4), 6, 3, 2}, {99, 0})[static_cast<std::size_t>(column % 4)];
    CHECK_THAT(student<dropout_factor>({word / 0x1p32, 99}, 2, 3, 6, column) != 0,
               otherwise("the weight's word is just p 2^32, and the weight was dropped: it is dropped if its word is "
                         "*less* than that. Are both compared as doubles? A float has 24 bits, a word has 32"));
    CHECK_THAT(student<dropout_factor>({(word + 1) / 0x1p32, 99}, 2, 3, 6, column) == 0,
               otherwise("the weight's word is p 2^32 - 1, and the weight was kept: it is dropped if its word is less "
                         "than p 2^32. Are both compared as doubles? A float has 24 bits, a word has 32"));
  }
}

TEST_CASE("p is a number in [0, 1)", "[advanced][dropout_factor][1pt]") {
  check_p_refused([](double p) { student<dropout_factor>({p, 1}, 0, 0, 0, 0); });
}

TEST_CASE("dropout: p is a number in [0, 1)", "[advanced][flash_attention_dropout][1pt]") {
  const Step step = random_step({.q_len = 3, .kv_len = GENERATE(3, 0)});
  check_p_refused([&](double p) { student<flash_attention_dropout>(step.in.q, step.in.k, step.in.v, {}, {p, 1}); });
}

TEST_CASE("dropout: a query that sees no key gives zeros", "[advanced][flash_attention_dropout][1pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {3, 0}}));
  const Step step = random_step({.batch = 2, .heads = 2, .q_len = q_len, .kv_len = kv_len}, Mask::causal, kSomeDropout);
  check_forward(call_forward(step, 2, 2), step, {Mask::causal, 2, 2});
}

TEST_CASE("dropout: scores may have any size", "[advanced][flash_attention_dropout][1pt]") {
  const Step step =
      GENERATE(0, 1) == 0 ? step_of_large_scores(Mask::causal, kSomeDropout) : step_of_equal_scores(kSomeDropout);
  check_forward(call_forward(step, 4, 2), step, {Mask::causal, 4, 2});
}

TEST_CASE("dropout: another seed drops other weights", "[advanced][flash_attention_dropout][1pt]") {
  Step step = random_step({.heads = 2, .q_len = 6, .kv_len = 9}, Mask::none, kSomeDropout);
  check_forward(call_forward(step, 3, 4), step, {Mask::none, 3, 4});
  step.dropout.seed = 77;
  check_forward(call_forward(step, 3, 4), step, {Mask::none, 3, 4});
}

TEST_CASE("dropout: no score matrix, and no matrix of factors", "[advanced][flash_attention_dropout][1pt]") {
  const Step step = long_inputs(1700, 1700, 4, kSomeDropout);
  check_some_outputs(call_forward(step, 32, 32), step);
  CHECK_THAT(evidence(),
             workspace_at_most(64 << 10,
                               "a tile of weights is 4 KiB, and matmul wants some; factors of all weights are "
                               "11 MiB. They need not be kept: a counter makes them again"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; the factors of all weights would be 11 MiB");
}

TEST_CASE("dropout back: p is a number in [0, 1)", "[advanced][flash_backward_dropout][1pt]") {
  const Step step = random_step({.q_len = 3, .kv_len = GENERATE(3, 0)});
  check_p_refused([&](double p) {
    student<flash_backward_dropout>(step.in.q, step.in.k, step.in.v, step.outputs, {}, {p, 1});
  });
}

TEST_CASE("dropout back: with p = 0 nothing is dropped", "[advanced][flash_backward_dropout][1pt]") {
  const Step step = random_step({.heads = 2, .q_len = 6, .kv_len = 9}, Mask::causal);
  check_gradients(call_dropout(step, 3, 4), step, {Mask::causal, 3, 4});
}

TEST_CASE("dropout back: most weights may be dropped", "[advanced][flash_backward_dropout][1pt]") {
  const Step step = random_step({.heads = 2, .q_len = 6, .kv_len = 9}, Mask::none, {0.9, 3});
  check_gradients(call_dropout(step, 6, 4), step, {Mask::none, 6, 4});
}

TEST_CASE("dropout back: a query that sees no key gets no gradient", "[advanced][flash_backward_dropout][1pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{5, 3}, {3, 0}}));
  const Step step = random_step({.batch = 2, .heads = 2, .q_len = q_len, .kv_len = kv_len}, Mask::causal, kSomeDropout);
  check_gradients(call_dropout(step, 2, 2), step, {Mask::causal, 2, 2});
}

TEST_CASE("dropout back: tiles in which nobody sees a key are not computed",
          "[advanced][count][flash_backward_dropout][1pt]") {
  const Step step = random_step({.q_len = 128, .kv_len = 128}, Mask::causal, kSomeDropout);
  const Tiles tiles{Mask::causal, 16, 16};
  check_gradients(call_dropout(step, 16, 16), step, tiles, false);
  check_tiles_read(step, step.in.k, "keys", 2, tiles);
  check_tiles_read(step, step.in.v, "values", 1, tiles);
}

TEST_CASE("dropout back: no score matrix, and no matrix of factors", "[advanced][flash_backward_dropout][1pt]") {
  const Step step = long_step(1700, 1700, 4, kSomeDropout);
  check_some_gradients(call_dropout(step, 32, 32), step);
  CHECK_THAT(evidence(),
             workspace_at_most(64 << 10,
                               "a tile of weights and a tile of their derivatives are 4 KiB each, and matmul "
                               "wants some; the factors of all weights are 11 MiB"));
}

TEST_CASE("one layer of LLaMA 3 at 8192 tokens", "[advanced][training_cost][1pt]") {
  const Problem problem{.batch = 1, .heads = 32, .q_len = 8192, .kv_len = 8192, .head_dim = 128};
  const auto cost = [&](Method method) {
    const Cost got = student<training_cost>(method, problem);
    check_cost(got, method, problem);
    return got;
  };
  const Cost unfused = cost(Method::unfused), flash = cost(Method::flash);
  const auto tera = [](const Cost& c) { return static_cast<double>(c.forward_flops + c.backward_flops) / 1e12; };
  const auto bytes = [](const Cost& c) {
    return size_text(static_cast<std::uint64_t>(std::max<std::int64_t>(0, c.kept_bytes)));
  };
  remark(fmt::format("unfused: {:.2f} TFLOP, {} kept", tera(unfused), bytes(unfused)));
  remark(fmt::format("flash: {:.2f} TFLOP, {} kept", tera(flash), bytes(flash)));
}

TEST_CASE("no cost is too large", "[advanced][training_cost][1pt]") {
  const Method method = GENERATE(Method::unfused, Method::flash);
  const auto [batch, heads, q_len, kv_len, head_dim] =
      GENERATE(table<int, int, int, int, int>({{1, 1, 65'537, 65'539, 1},
                                               {1, 1, 1, 1, 2'147'483'647},
                                               {65'537, 65'539, 1, 1, 3},
                                               {3, 7, 1'000'003, 999'983, 101},
                                               {1, 1, 2'147'483'647, 1, 1}}));
  const Problem problem{batch, heads, q_len, kv_len, head_dim};
  check_cost(student<training_cost>(method, problem), method, problem);
}
