#pragma once
/// Who loads and who computes what in a block with tiles, and what a column of a tile costs.

#include <numeric>

#include "common/checker/student.h"

namespace workbook::cuda_unfused {

inline Duty right_duty(int block_x, int block_y, int thread_x, int thread_y) {
  return {block_y * kTile + thread_y, block_x * kTile + thread_y, thread_x, block_y * kTile + thread_y,
          block_x * kTile + thread_x};
}

inline Tensor64 as_numbers(const Duty& d) {
  return Tensor64({5}, {double(d.q_row), double(d.k_row), double(d.channel), double(d.query), double(d.key)});
}

/// Matches (q_row, k_row, channel, query, key).
inline Matches is_duty(int block_x, int block_y, int thread_x, int thread_y) {
  const Duty right = right_duty(block_x, block_y, thread_x, thread_y);
  const auto with = changes_of(right, as_numbers);
  return matches(as_numbers(right), counted())
      .but_not(
          with([=](Duty& d) { d.k_row = d.key; }),
          "the thread loads the key that it computes with. Then all 32 lanes of a warp load one channel of 32 rows: "
          "32 sectors. Lanes load neighbouring channels of one row; who computes with it is another matter")
      .but_not(
          with([=](Duty& d) {
            d = {block_y * kTile + thread_x, block_x * kTile + thread_x, thread_y, d.query, d.key};
          }),
          "lanes load rows below each other: thread_x is the lane, and neighbouring lanes take neighbouring channels")
      .but_not([=] { return as_numbers(right_duty(block_y, block_x, thread_x, thread_y)); },
               "the block's numbers are swapped: block_x counts tiles of keys, block_y tiles of queries")
      .but_not([=] { return as_numbers(right_duty(0, 0, thread_x, thread_y)); },
               "every block does the work of block (0, 0): its tile begins at block_x * kTile and block_y * kTile")
      .but_not(with([=](Duty& d) { std::swap(d.query, d.key); }), "query and key are swapped")
      .but_not(with([=](Duty& d) { d.query = block_y * kTile + thread_x, d.key = block_x * kTile + thread_y; }),
               "lanes compute with one key and neighbouring queries. Their scores lie below each other, kv_len floats "
               "apart, "
               "and are stored 32 sectors at a time: lanes take neighbouring keys");
}

/// Matches the wavefronts of a column.
inline Matches is_wavefronts(int pitch) {
  return matches(std::gcd(pitch, 32), counted())
      .but_not([] { return 1; }, "1 for every pitch? With a pitch of 32 all words of a column lie in one bank")
      .but_not([] { return 32; }, "32 for every pitch? It depends on how many different banks lane * pitch % 32 gives")
      .but_not(
          [=] { return 32 / std::gcd(pitch, 32); },
          "this is how many banks take part. The column takes as long as the fullest of them: 32 lanes by that number")
      .but_not([=] { return pitch % 32 == 0 ? 32 : 1; },
               "not only multiples of 32 collide: with 34, lanes 0 and 16 meet");
}

}  // namespace workbook::cuda_unfused
