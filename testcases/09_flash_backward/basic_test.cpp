#include "costs.h"
#include "flash.h"
#include "forward.h"
#include "long_step.h"
#include "softmax.h"

using namespace workbook;
using namespace workbook::flash_backward;

TEST_CASE("a score moves all weights of its row", "[basic][softmax_backward][2pt]") {
  const Tensor p = to_float(oracle::softmax(random_normal({5, 7}))), dp = random_normal({5, 7});
  CHECK_THAT(student<softmax_backward>(p, dp), is_d_scores(p, dp));
}

TEST_CASE("gradients from stored weights", "[basic][attention_backward][3pt]") {
  const Step step = random_step({.batch = 2, .heads = 2, .q_len = 5, .kv_len = 7});
  check_gradients(call_unfused(step), step, one_tile(step));
}

TEST_CASE("a KV head gets what all of its query heads contribute", "[basic][attention_backward][2pt]") {
  const Step step = random_step({.batch = 2, .heads = 6, .kv_heads = 2, .q_len = 4, .kv_len = 5});
  check_gradients(call_unfused(step), step, one_tile(step));
}

TEST_CASE("hidden weights are stored as zeros", "[basic][attention_backward][1pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{6, 6}, {3, 7}}));
  const Step step = random_step({.heads = 2, .q_len = q_len, .kv_len = kv_len}, Mask::causal);
  check_gradients(call_unfused(step), step, one_tile(step));
}

TEST_CASE("four products are enough", "[basic][count][attention_backward][1pt]") {
  const Step step = random_step({.heads = 2, .q_len = 24, .kv_len = 40});
  check_gradients(call_unfused(step), step, one_tile(step), false);
  const double product = 4.0 * 2 * 24 * 40 * 8;  // bytes that one product reads of either factor
  for (const auto& [argument, name] : {std::pair{&step.in.q, "q"}, {&step.in.k, "k"}, {&step.in.v, "v"}})
    CHECK_THAT(evidence(), reads_at_most(*argument, product,
                                         std::string(name) + " is a factor of one product: dP = dO V^T, dq = dS K, or "
                                                             "dk = dS^T Q. The scores are not needed again"));
}

TEST_CASE("the weights come back from the log-sum-exp", "[basic][flash_backward][3pt]") {
  const Step step = random_step({.batch = 2, .heads = 2, .q_len = 5, .kv_len = 7});
  check_gradients(call_flash(step, 5, 7), step, one_tile(step));
}

TEST_CASE("every tile adds to the gradients", "[basic][flash_backward][3pt]") {
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{8, 4}, {4, 12}, {2, 3}}));
  const Step step = random_step({.batch = 2, .heads = 2, .q_len = 8, .kv_len = 12});
  check_gradients(call_flash(step, q_tile, kv_tile), step, {Mask::none, q_tile, kv_tile});
}

TEST_CASE("tiles need not divide the lengths", "[basic][flash_backward][2pt]") {
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{4, 5}, {3, 12}, {7, 4}, {64, 64}, {1, 1}}));
  const Step step = random_step({.heads = 2, .q_len = 10, .kv_len = 13});
  check_gradients(call_flash(step, q_tile, kv_tile), step, {Mask::none, q_tile, kv_tile});
}

TEST_CASE("query heads of a group add to the same dk and dv", "[basic][flash_backward][2pt]") {
  const Step step = random_step({.batch = 2, .heads = 6, .kv_heads = 2, .q_len = 4, .kv_len = 5});
  check_gradients(call_flash(step, 4, 5), step, one_tile(step));
}

TEST_CASE("the mask hides keys on the way back, too", "[basic][flash_backward][3pt]") {
  const auto [q_len, kv_len] = GENERATE(table<int, int>({{12, 12}, {5, 14}, {1, 9}}));
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{4, 4}, {4, 3}, {2, 7}, {5, 1}}));
  const Step step = random_step({.heads = 2, .kv_heads = 1, .q_len = q_len, .kv_len = kv_len}, Mask::causal);
  check_gradients(call_flash(step, q_tile, kv_tile), step, {Mask::causal, q_tile, kv_tile});
}

TEST_CASE("flash_backward holds no score matrix", "[basic][flash_backward][3pt]") {
  const Step step = long_step(1700, 1700, 4);
  check_some_gradients(call_flash(step, 32, 32), step);
  CHECK_THAT(evidence(),
             workspace_at_most(64 << 10,
                               "a tile of weights and a tile of their derivatives are 4 KiB each, and matmul "
                               "wants some; the weights of the head are 11 MiB. The next tile can use the "
                               "same memory"));
  remark("workspace " + size_text(evidence().counts().workspace()) + "; the weights would be 11 MiB");
}

TEST_CASE("tiles in which nobody sees a key are not computed", "[basic][count][flash_backward][2pt]") {
  const Step step = random_step({.q_len = 256, .kv_len = 256}, Mask::causal);
  const Tiles tiles{Mask::causal, 16, 16};
  check_gradients(call_flash(step, 16, 16), step, tiles, false);
  const std::int64_t read = check_tiles_read(step, step.in.k, "keys", 2, tiles);
  check_tiles_read(step, step.in.v, "values", 1, tiles);
  remark("tiles read: " + std::to_string(read) + " of 256");
}

TEST_CASE("philox gives its published words", "[basic][philox][2pt]") {
  const auto [counter, key, right] =
      GENERATE(table<Words, Key, Words>({{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                                          {0xa4093822, 0x299f31d0},
                                          {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
                                         {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                                          {0xffffffff, 0xffffffff},
                                          {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
                                         {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}}));
  CHECK_THAT(student<philox>(counter, key), are_words(counter, key, right));
}

TEST_CASE("a factor is 0 or 1 / (1 - p)", "[basic][dropout_factor][3pt]") {
  const Dropout dropout{GENERATE(0.25, 0.7), 0x0123'4567'89ab'cdef};
  CHECK_THAT(some_factors(dropout), are_factors(dropout));
}

TEST_CASE("without dropout every factor is exactly 1", "[basic][dropout_factor][1pt]") {
  CHECK(student<dropout_factor>({.p = 0, .seed = 5}, 0, 1, 2, 3) == 1);
}

TEST_CASE("with p = 0 it is flash attention", "[basic][flash_attention_dropout][2pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const Step step = random_step({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 6, .kv_len = 9}, mask);
  check_forward(call_forward(step, 4, 4), step, {mask, 4, 4});
}

TEST_CASE("some weights are dropped and the others grow", "[basic][flash_attention_dropout][3pt]") {
  const Step step = random_step({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 6, .kv_len = 9}, Mask::none, {0.4, 7});
  check_forward(call_forward(step, 6, 9), step, one_tile(step));
}

TEST_CASE("whatever the tiles, the same weights are dropped", "[basic][flash_attention_dropout][2pt]") {
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{4, 9}, {6, 4}, {2, 3}, {1, 1}}));
  const Step step = random_step({.heads = 2, .q_len = 6, .kv_len = 9}, Mask::causal, {0.4, 7});
  check_forward(call_forward(step, q_tile, kv_tile), step, {Mask::causal, q_tile, kv_tile});
}

TEST_CASE("the way back drops what the way there dropped", "[basic][flash_backward_dropout][3pt]") {
  const Step step = random_step({.batch = 2, .heads = 4, .kv_heads = 2, .q_len = 6, .kv_len = 9}, Mask::none, {0.4, 7});
  check_gradients(call_dropout(step, 6, 9), step, one_tile(step));
}

TEST_CASE("with other tiles, the way back drops the same", "[basic][flash_backward_dropout][2pt]") {
  const auto [q_tile, kv_tile] = GENERATE(table<int, int>({{4, 9}, {6, 4}, {2, 3}, {1, 1}}));
  const Step step = random_step({.heads = 2, .q_len = 6, .kv_len = 9}, Mask::causal, {0.4, 7});
  check_gradients(call_dropout(step, q_tile, kv_tile), step, {Mask::causal, q_tile, kv_tile});
}

TEST_CASE("two products there, four or five back", "[basic][training_cost][2pt]") {
  const Method method = GENERATE(Method::unfused, Method::flash);
  const Problem problem{.batch = 2, .heads = 3, .q_len = 5, .kv_len = 7, .head_dim = 11};
  check_cost(student<training_cost>(method, problem), method, problem);
}
