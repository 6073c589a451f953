#include "costs.h"
#include "flash.h"
#include "forward.h"

using namespace workbook;
using namespace workbook::flash_backward;

namespace {

Step step_drawn_at_random(Mask mask, const Dropout& dropout = {}) {
  const std::int64_t kv_heads = random_integer(1, 3);
  return random_step({.batch = random_integer(1, 2),
                      .heads = kv_heads * random_integer(1, 3),
                      .kv_heads = kv_heads,
                      .q_len = random_integer(1, 30),
                      .kv_len = random_integer(1, 40),
                      .head_dim = random_integer(1, 33)},
                     mask, dropout);
}

Tiles tiles_drawn_at_random(Mask mask) {
  return {mask, static_cast<int>(random_integer(1, 33)), static_cast<int>(random_integer(1, 45))};
}

Dropout dropout_drawn_at_random() {
  return {static_cast<double>(random_integer(0, 9)) / 10, static_cast<std::uint64_t>(random_integer(0, INT64_MAX))};
}

}  // namespace

// Hint: try shapes of your own in which no two extents are equal.
TEST_CASE("unfused gradients for shapes drawn at random", "[hidden][attention_backward][2pt]") {
  for (int n = 0; n < 12; ++n) {
    const Step step = step_drawn_at_random(n % 3 == 0 ? Mask::none : Mask::causal);
    check_gradients(call_unfused(step), step, one_tile(step));
  }
}

// Hint: tiles need not divide the lengths, nor be alike for queries and keys.
TEST_CASE("flash gradients for shapes and tiles drawn at random", "[hidden][flash_backward][3pt]") {
  for (int n = 0; n < 24; ++n) {
    const Step step = step_drawn_at_random(n % 3 == 0 ? Mask::none : Mask::causal);
    const Tiles tiles = tiles_drawn_at_random(step.mask);
    check_gradients(call_flash(step, tiles.q_tile, tiles.kv_tile), step, tiles);
  }
}

// Hint: an extent may be 0. Which tile is the first then?
TEST_CASE("no keys and no queries have empty gradients", "[hidden][flash_backward][1pt]") {
  const Mask mask = GENERATE(Mask::none, Mask::causal);
  const Step step = random_step({.heads = 2, .kv_heads = 1, .q_len = GENERATE(0, 3), .kv_len = GENERATE(0, 4)}, mask);
  check_gradients(call_flash(step, 2, 2), step, {mask, 2, 2});
}

// Hint: for how many queries of a causal mask is there nothing to do?
TEST_CASE("queries before the first key cost nothing", "[hidden][count][flash_backward][1pt]") {
  const Step step = random_step({.q_len = 256, .kv_len = 64}, Mask::causal);
  const Tiles tiles{Mask::causal, 16, 16};
  check_gradients(call_flash(step, 16, 16), step, tiles, false);
  check_tiles_read(step, step.in.k, "keys", 2, tiles);
}

// Hint: which weights are dropped depends on seed, batch, head, row and column, and on nothing else.
TEST_CASE("dropout for shapes and tiles drawn at random", "[hidden][flash_attention_dropout][2pt]") {
  for (int n = 0; n < 12; ++n) {
    const Step step = step_drawn_at_random(n % 3 == 0 ? Mask::none : Mask::causal, dropout_drawn_at_random());
    const Tiles tiles = tiles_drawn_at_random(step.mask);
    check_forward(call_forward(step, tiles.q_tile, tiles.kv_tile), step, tiles);
  }
}

// Hint: which weights are dropped depends on seed, batch, head, row and column, and on nothing else.
TEST_CASE("gradients with dropout for shapes and tiles drawn at random", "[hidden][flash_backward_dropout][3pt]") {
  for (int n = 0; n < 12; ++n) {
    const Step step = step_drawn_at_random(n % 3 == 0 ? Mask::none : Mask::causal, dropout_drawn_at_random());
    const Tiles tiles = tiles_drawn_at_random(step.mask);
    check_gradients(call_dropout(step, tiles.q_tile, tiles.kv_tile), step, tiles);
  }
}

// Hint: the numbers get large. In which type is each product computed?
TEST_CASE("costs are exact in 64 bits", "[hidden][training_cost][1pt]") {
  const Problem problem{.batch = 3, .heads = 96, .q_len = 100'003, .kv_len = 99'991, .head_dim = 127};
  for (const Method method : {Method::unfused, Method::flash})
    check_cost(student<training_cost>(method, problem), method, problem);
}
